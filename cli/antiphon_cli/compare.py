"""``antiphon compare``: the same questions to two models or more, about one recording or a set of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import compare_report, exits
from antiphon_cli.comparison import Comparison, over_all
from antiphon_cli.describe import DEFAULT_LLM_AUDIO, NAMES, prompts_of, read_facts
from antiphon_cli.explain import explain
from antiphon_cli.local import local_target
from antiphon_cli.options import READABLE_FILE, tls_options
from antiphon_cli.paired_bootstrap import RESAMPLES
from antiphon_cli.progress import reporter
from antiphon_cli.record_json import to_text
from antiphon_cli.stack.state import write_atomically
from antiphon_cli.summary import plain
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient
from antiphon_wire.channels import Tls

_SIDE = "ENGINE[/MODEL][,NAME=VALUE…]"


@dataclass(frozen=True)
class Item:
    """One recording, None where there are facts alone, and its facts."""

    name: str
    audio: Path | None
    facts_json: str


@click.command(epilog=exits.HELP)
@click.argument("files", nargs=-1, required=True, type=READABLE_FILE, metavar="FILE…")
@click.option("--a", "side_a", required=True, metavar=_SIDE, help="One side; NAME=VALUE is sampling for it alone.")
@click.option("--b", "side_b", required=True, metavar=_SIDE, help="The other side.")
@click.option("--c", "side_c", metavar=_SIDE, help="A third side.")
@click.option("--d", "side_d", metavar=_SIDE, help="A fourth side.")
@click.option(
    "-p",
    "--prompt",
    "prompts",
    multiple=True,
    metavar="PROMPT",
    help=f"What to ask: {', '.join(NAMES)}, or a question of your own. May be given several times; full if not.",
)
@click.option(
    "--facts",
    type=click.Path(exists=True, readable=True, path_type=Path),
    metavar="PATH",
    help="Facts: a JSON object or a record by antiphon analyze --json, for one file; a folder with NAME.json for each "
    "NAME.* for several.",
)
@click.option("--max-tokens", type=click.IntRange(1, 8192), help="Most tokens of an answer; 500 where not given.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Above 0: draw the tokens.")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Mass of the likeliest tokens to draw from.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 2), help="Seed of the draw, the same for all sides.")
@click.option("--repeat-penalty", type=click.FloatRange(1, 2), help="Penalty on tokens that the text already holds.")
@click.option(
    "--side-by-side", is_flag=True, help="Let the sides answer at the same time; times then disturb each other."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.md, report.json and the whole answer to each file there.",
)
@click.option(
    "--resamples",
    type=click.IntRange(100, 1_000_000),
    default=RESAMPLES,
    show_default=True,
    help="Draws of the bootstrap over several files.",
)
@click.option(
    "--llm-audio",
    "service",
    envvar="ANTIPHON_LLM_AUDIO",
    metavar="HOST:PORT",
    default=lambda: local_target("llm_audio", DEFAULT_LLM_AUDIO),
    show_default="the one that antiphon up started, else 127.0.0.1:50055",
    help="The llm_audio service.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for one file.",
)
@tls_options
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def compare(
    files: tuple[Path, ...],
    side_a: str,
    side_b: str,
    side_c: str | None,
    side_d: str | None,
    prompts: tuple[str, ...],
    facts: Path | None,
    side_by_side: bool,
    out: Path | None,
    resamples: int,
    service: str,
    timeout: float,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
    **sampling: Any,
) -> int:
    """Put the same questions to two models or more, and tell how far their answers agree and what they cost.

    A FILE is a recording; one that ends in .json is facts to write from, without a recording. Over several files the
    report gives the mean of each measure with a 95 % interval by the paired bootstrap.

    \b
    Examples:
      antiphon compare song.mp3 --a music-flamingo-gguf/mf-q8 --b music-flamingo-gguf/mf-iq3
      antiphon compare songs/*.mp3 --a music-flamingo-gguf/mf-q8 --b text-gguf --facts records/ --out report
      antiphon compare record.json --a text-gguf --b text-gguf,temperature=0.8,seed=3 --prompt technical
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("give --tls-cert and --tls-key together")
    given = [each for each in (side_a, side_b, side_c, side_d) if each is not None]
    sides = [_side(name, text) for name, text in zip("abcd", given, strict=False)]
    config = llm_audio_pb2.ComparisonConfig(
        sides=sides,
        prompts=prompts_of(prompts),
        sampling=llm_audio_pb2.Sampling(**{name: value for name, value in sampling.items() if value is not None}),
        side_by_side=side_by_side,
    )
    items = _items(files, facts)
    tls = Tls(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    found: list[tuple[str, Comparison]] = []
    code = exits.OK
    with exits.terminable(), SyncClient(service, tls=tls) as client:
        for item in items:
            try:
                comparison = _compare(client, item, config, timeout, quiet, many=len(items) > 1)
            except AntiphonClientError as error:
                click.echo(f"antiphon: {plain(item.name)}: {explain(error, 'llm_audio', service)}", err=True)
                if error.unreachable:
                    return exits.UNREACHABLE
                code = exits.FAILED
                continue
            click.echo(compare_report.one(item.name, comparison), nl=False)
            if len(comparison.summary.answered) < 2:
                code = exits.FAILED
            found.append((item.name, comparison))
            if out is not None:
                _write(out / f"{item.name}.json", to_text(_whole(comparison)))
    if not found:
        return code
    pairs = over_all([each for _, each in found], [side.name for side in sides], resamples=resamples)
    if len(found) > 1:
        click.echo(compare_report.many(pairs, resamples), nl=False)
    if out is not None:
        _write(out / "report.json", to_text(compare_report.as_data(found, pairs, resamples)))
        _write(out / "report.md", compare_report.as_markdown(found, pairs, resamples))
        if not quiet:
            click.echo(f"antiphon: the report is in {click.format_filename(out / 'report.md')}", err=True)
    return code


def _compare(
    client: SyncClient, item: Item, config: llm_audio_pb2.ComparisonConfig, timeout: float, quiet: bool, many: bool
) -> Comparison:
    asked = llm_audio_pb2.ComparisonConfig()
    asked.CopyFrom(config)
    asked.facts_json = item.facts_json
    comparison = Comparison()
    if many and not quiet:
        click.echo(f"{plain(item.name)}:", err=True)
    with reporter(quiet) as shown, closing(client.compare(item.audio, asked, timeout_seconds=timeout)) as events:
        for event in events:
            if isinstance(event, llm_audio_pb2.SideProgress):
                shown.accept(analysis_pb2.StageProgress(stage=event.side, progress=event.progress))
            comparison.accept(event)
    return comparison


def _side(name: str, text: str) -> llm_audio_pb2.Side:
    who, *settings = text.split(",")
    engine, _, model = who.strip().partition("/")
    side = llm_audio_pb2.Side(name=name, engine=engine, model=model)
    for setting in settings:
        key, separator, value = setting.strip().partition("=")
        try:
            if not separator:
                raise json_format.ParseError("give NAME=VALUE")
            json_format.ParseDict({key: json.loads(value)}, side.sampling)
        except (json_format.ParseError, ValueError) as error:
            known = ", ".join(field.name for field in llm_audio_pb2.Sampling.DESCRIPTOR.fields)
            raise click.BadParameter(f"{setting!r}: {error}; there are {known}", param_hint=f"--{name}") from error
    return side


def _items(files: Sequence[Path], facts: Path | None) -> list[Item]:
    recordings = [file for file in files if file.suffix.lower() != ".json"]
    if facts is not None and facts.is_file() and len(recordings) != 1:
        raise click.UsageError(f"--facts is one file, and there are {len(recordings)} recordings; give a folder")
    items = []
    for file in files:
        name = file.name if sum(each.name == file.name for each in files) == 1 else "_".join(file.parts[-2:])
        if file.suffix.lower() == ".json":
            items.append(Item(name.removesuffix(file.suffix), None, read_facts(file)))
            continue
        path = facts / f"{file.stem}.json" if facts is not None and facts.is_dir() else facts
        if path is not None and not path.is_file():
            raise exits.Failure(
                f"there are no facts for {click.format_filename(file)}: no {click.format_filename(path)}"
            )
        items.append(Item(name, file, "" if path is None else read_facts(path)))
    return items


def _whole(comparison: Comparison) -> dict[str, Any]:
    """Every message of one answer, but for pieces and progress."""

    def plain_data(message: Any) -> dict[str, Any]:
        found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
        return found

    return {
        "header": plain_data(comparison.header),
        "answers": {side: [plain_data(each) for each in answers] for side, answers in comparison.answers.items()},
        "outcomes": {side: plain_data(outcome) for side, outcome in comparison.outcomes.items()},
        "summary": plain_data(comparison.summary),
    }


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise exits.Failure(f"cannot write {click.format_filename(path)}: {error.strerror}") from error
