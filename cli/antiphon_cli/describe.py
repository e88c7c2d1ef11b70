"""``antiphon describe``: prompts about a recording in, prose out while it is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import exits
from antiphon_cli.local import local_gateway, local_target
from antiphon_cli.options import READABLE_FILE, tls_options
from antiphon_cli.progress import reporter
from antiphon_cli.record_json import to_text
from antiphon_cli.stack.state import write_atomically
from antiphon_cli.summary import plain
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS
from antiphon_client.errors import AntiphonClientError, from_status
from antiphon_client.sync import SyncClient
from antiphon_wire.channels import Tls

DEFAULT_LLM_AUDIO = "127.0.0.1:50055"
NAMES = ("full", "technical", "genre_mood", "instrumentation", "structure", "transcribe", "analyze")


@click.command(epilog=exits.HELP)
@click.argument("file", required=False, type=READABLE_FILE)
@click.option(
    "-p",
    "--prompt",
    "prompts",
    multiple=True,
    metavar="PROMPT",
    help=f"What to ask: {', '.join(NAMES)}, or a question of your own, in which {{bpm}}, {{key}}, {{genres}} and so on "
    "stand for facts. May be given several times; full where not given.",
)
@click.option(
    "--engine", metavar="NAME", default="", help="Engine, such as text-gguf; the service's own where not given."
)
@click.option("--model", metavar="NAME", default="", help="Model; the engine's default where not given.")
@click.option(
    "--facts",
    type=READABLE_FILE,
    metavar="JSON",
    help="Facts to write from: a JSON object, or a record by antiphon analyze --json. Nothing is measured then.",
)
@click.option("--no-facts", is_flag=True, help="Have the model hear the file and nothing else; for models that hear.")
@click.option("--max-tokens", type=click.IntRange(1, 8192), help="Most tokens of an answer; 500 where not given.")
@click.option(
    "--temperature", type=click.FloatRange(0, 2), help="Above 0: draw the tokens instead of taking the likeliest."
)
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Mass of the likeliest tokens to draw from.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 2), help="Seed of the draw; the same one gives the same text.")
@click.option("--repeat-penalty", type=click.FloatRange(1, 2), help="Penalty on tokens that the text already holds.")
@click.option("--schema", type=READABLE_FILE, metavar="JSON", help="JSON Schema that the answer must keep to.")
@click.option("--json", "json_path", metavar="PATH", help="Write the answers as JSON to PATH; - is stdout.")
@click.option(
    "--gateway",
    envvar="ANTIPHON_GATEWAY",
    metavar="HOST:PORT",
    default=local_gateway,
    show_default="the one that antiphon up started, else 127.0.0.1:50050",
    help="The gateway, which has the facts measured.",
)
@click.option(
    "--llm-audio",
    "service",
    envvar="ANTIPHON_LLM_AUDIO",
    metavar="HOST:PORT",
    default=lambda: local_target("llm_audio", DEFAULT_LLM_AUDIO),
    show_default="the one that antiphon up started, else 127.0.0.1:50055",
    help="The llm_audio service, asked directly with --facts and --no-facts.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for all.",
)
@tls_options
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no warnings.")
def describe(
    file: Path | None,
    prompts: tuple[str, ...],
    engine: str,
    model: str,
    facts: Path | None,
    no_facts: bool,
    schema: Path | None,
    json_path: str | None,
    gateway: str,
    service: str,
    timeout: float,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
    **sampling: Any,
) -> int:
    """Have a language model describe a recording.

    The file goes through the gateway: essentia and speech say what can be measured and heard, and the model is given
    that with the file. On a terminal the text appears while it is written.

    \b
    Examples:
      antiphon describe song.mp3
      antiphon describe song.mp3 --prompt technical --prompt "Write a caption of ten words in {key}."
      antiphon describe --facts record.json --prompt full
      antiphon describe song.mp3 --no-facts --engine music-flamingo-gguf
    """
    if file is None and facts is None:
        raise click.UsageError("give a file, or --facts to write from")
    if facts is not None and no_facts:
        raise click.UsageError("--facts and --no-facts exclude each other")
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("give --tls-cert and --tls-key together")
    config = llm_audio_pb2.DescriptionConfig(
        model=model,
        engine=engine,
        prompts=prompts_of(prompts),
        facts_json="" if facts is None else read_facts(facts),
        sampling=llm_audio_pb2.Sampling(**{name: value for name, value in sampling.items() if value is not None}),
        json_schema="" if schema is None else read_text(schema),
    )
    direct = facts is not None or no_facts
    target = service if direct else gateway
    tls = Tls(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    shown = _Page(live=json_path != "-" and sys.stdout.isatty(), titled=len(config.prompts) > 1)
    try:
        with exits.terminable(), SyncClient(target, tls=tls) as client:
            events = _direct(client, file, config, timeout) if direct else _measured(client, file, config, timeout)
            description = _follow(events, shown, quiet)
    except AntiphonClientError as error:
        click.echo(f"antiphon: {error}", err=True)
        for field, text in error.fields:
            click.echo(f"  {field}: {text}", err=True)
        if error.reason == "SERVICE_UNREACHABLE":
            click.echo(f"Does anything serve at {target}? Start it with: antiphon up", err=True)
        return exits.UNREACHABLE if error.unreachable else exits.FAILED
    if json_path != "-":
        shown.finish(description)
    if not quiet:
        for warning in description.summary.warnings:
            click.echo(f"antiphon: {warning.reason}: {plain(warning.message)}", err=True)
    _write(json_path, description)
    return exits.OK


class _Page:
    """Standard output: pieces as they come on a terminal, whole answers elsewhere."""

    def __init__(self, live: bool, titled: bool) -> None:
        self._live, self._titled = live, titled
        self._at = ("", 0)

    def piece(self, piece: llm_audio_pb2.TextPiece) -> None:
        if not self._live:
            return
        at = (piece.prompt, piece.attempt)
        if at != self._at:
            again = piece.prompt == self._at[0]
            if self._at[0]:
                click.echo("\n")
            if again:
                click.echo("(once more: the facts do not hold what it said)")
            elif self._titled:
                click.echo(f"{piece.prompt}:")
            self._at = at
        click.echo("".join(plain(part) if part != "\n" else part for part in piece.text), nl=False)

    def finish(self, description: llm_audio_pb2.Description) -> None:
        if self._live:
            click.echo()
            return
        for index, answer in enumerate(description.answers):
            title = f"{answer.prompt}:\n" if self._titled else ""
            text = "\n".join(plain(line) for line in answer.text.splitlines())
            click.echo(("\n" if index else "") + title + text)


def _follow(events: Iterator[Any], page: _Page, quiet: bool) -> llm_audio_pb2.Description:
    found = llm_audio_pb2.Description()
    with ExitStack() as stack:
        shown = stack.enter_context(reporter(quiet))
        for event in events:
            if isinstance(event, llm_audio_pb2.TextPiece):
                stack.close()  # bars and text do not go together on a terminal
                page.piece(event)
            elif isinstance(event, llm_audio_pb2.Answer):
                found.answers.append(event)
            elif isinstance(event, llm_audio_pb2.DescriptionSummary):
                found.summary.CopyFrom(event)
            elif isinstance(event, llm_audio_pb2.Description):
                found.CopyFrom(event)
            elif isinstance(event, evidence_pb2.Progress):
                shown.accept(analysis_pb2.StageProgress(stage="llm_audio", progress=event))
            elif isinstance(event, record_pb2.AnalysisRecord):
                for report in event.stage_reports:
                    if report.stage == "llm_audio" and report.HasField("error"):
                        raise from_status(report.error)
            else:
                shown.accept(event)
    return found


def _direct(
    client: SyncClient, file: Path | None, config: llm_audio_pb2.DescriptionConfig, timeout: float
) -> Iterator[Any]:
    with closing(client.describe(file, config, timeout_seconds=timeout)) as events:
        yield from events


def _measured(
    client: SyncClient, file: Path | None, config: llm_audio_pb2.DescriptionConfig, timeout: float
) -> Iterator[Any]:
    assert file is not None
    stages = ("speech", "essentia", "llm_audio")
    with closing(client.analyze(file, stages=stages, llm_audio=config, timeout_seconds=timeout)) as events:
        yield from events


def prompts_of(given: tuple[str, ...]) -> list[llm_audio_pb2.Prompt]:
    """Prompts as typed: those known by name, and questions of one's own under numbered names."""
    own = 0
    found = []
    for text in given:
        if text in NAMES:
            found.append(llm_audio_pb2.Prompt(name=text))
        else:
            own += 1
            found.append(llm_audio_pb2.Prompt(name=f"prompt_{own}", text=text))
    return found


def read_facts(path: Path) -> str:
    """The facts of a JSON file; of a record by ``antiphon analyze --json`` those parts that are facts.

    Raises:
        Failure: it cannot be read, or is no JSON.
    """
    text = read_text(path)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise exits.Failure(f"{click.format_filename(path)} is no JSON: {error}") from error
    if isinstance(document, dict) and "schema_version" in document:
        document = {name: document[name] for name in ("essentia", "speech") if name in document}
        document.get("essentia", {}).get("features", {}).pop("series", None)
        return json.dumps(document)
    return text


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        Failure: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise exits.Failure(f"cannot read {click.format_filename(path)}: {error}") from error


def _write(path: str | None, description: llm_audio_pb2.Description) -> None:
    if path is None:
        return
    text = to_text(json_format.MessageToDict(description, preserving_proto_field_name=True))
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        write_atomically(Path(path), text)
    except OSError as error:
        raise exits.Failure(f"cannot write {click.format_filename(path)}: {error.strerror}") from error
