"""``antiphon describe``: prompts about a recording in, prose out while it is written."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import exits
from antiphon_cli.audio.recordings import check_pipe, opened
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.describe.options import describe_options
from antiphon_cli.describe.page import Page
from antiphon_cli.each_file import attempt, settle
from antiphon_cli.json_messages import read_json_option
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.records import Records
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.progress import reporter, show_stage
from antiphon_cli.prompting import prompts_of, read_facts_option, sampling_of
from antiphon_cli.services import GATEWAY
from antiphon_cli.terminal import show_warnings, shown_name
from antiphon_client import SyncClient
from antiphon_client.errors import from_status

STAGES = ("speech", "essentia", "llm_audio")
"""What the gateway runs for a description: what the model is given, and the model."""


@click.command(epilog=exits.HELP)
@describe_options
@existing_options()
@connection_options(
    {
        GATEWAY: "The gateway, which has the facts measured.",
        "llm_audio": "The llm_audio service, asked directly with --facts and --no-facts.",
    },
    longest="all",
    quiet="Show no progress and no warnings.",
)
def describe(
    file: Path | None,
    facts: Path | None,
    no_facts: bool,
    json_path: str | None,
    connection: Connection,
    rules: Rules,
    **given: Any,
) -> int:
    """Have a recording described, by rule or by a language model. FILE may be -, a recording on standard input.

    The file goes through the gateway: essentia and speech say what can be measured and heard, and a model, or rules
    where no large model is installed, are given that with the file. On a terminal the text appears while it is written.

    \b
    Examples:
      antiphon describe song.mp3
      antiphon describe song.mp3 --prompt technical --prompt genre_mood
      antiphon describe song.mp3 --engine text-gguf \\
        --prompt "Write a caption of ten words in {key}."
      antiphon describe --facts record.json --prompt full
      antiphon describe song.mp3 --no-facts --engine music-flamingo-gguf
    """
    if file is None and facts is None:
        raise click.UsageError("give a file, or --facts to write from")
    if facts is not None and no_facts:
        raise click.UsageError("--facts and --no-facts exclude each other")
    check_pipe(file)
    config = _config(facts, given)
    connection = connection.to("llm_audio") if facts is not None or no_facts else connection
    page = Page(live=json_path != "-" and sys.stdout.isatty(), titled=len(config.prompts) > 1)
    with Records(json_path, False, rules) as records, exits.terminable(), connection.open() as client:
        job = _Job(client, connection, page, config, records)
        done = attempt(lambda: job(file), "" if file is None else shown_name(file), connection, file)
        return settle(done, records, file, "", connection) if file is not None else done.code


@dataclass(frozen=True)
class _Job:
    """Has one recording described."""

    client: SyncClient
    connection: Connection
    page: Page
    config: llm_audio_pb2.DescriptionConfig
    records: Records

    def __call__(self, file: Path | None) -> bool:
        quiet = self.connection.quiet
        description = _follow(_events(self.client, file, self.config, self.connection), self.page, quiet)
        self.records.add(json_format.MessageToDict(description, preserving_proto_field_name=True))
        if self.records.path != "-":
            self.page.finish(description)
        if not quiet:
            show_warnings(description.summary.warnings)
        return True


def _config(facts: Path | None, given: dict[str, Any]) -> llm_audio_pb2.DescriptionConfig:
    return llm_audio_pb2.DescriptionConfig(
        model=given["model"],
        engine=given["engine"],
        prompts=prompts_of(given["prompts"]),
        facts_json="" if facts is None else read_facts_option(facts),
        sampling=sampling_of(given),
        json_schema="" if given["schema"] is None else read_json_option(given["schema"], "--schema"),
    )


def _events(
    client: SyncClient, file: Path | None, config: llm_audio_pb2.DescriptionConfig, connection: Connection
) -> Generator[Any, None, None]:
    """The call's events: of the gateway for a file whose facts are to be measured, else of the service itself."""
    audio = None if file is None else opened(file)
    if audio is not None and connection.service == GATEWAY:
        return client.analyze(audio, stages=STAGES, llm_audio=config)
    return client.describe(audio, config)


def _follow(events: Generator[Any, None, None], page: Page, quiet: bool) -> llm_audio_pb2.Description:
    found = llm_audio_pb2.Description()
    with closing(events), ExitStack() as bars:
        shown = bars.enter_context(reporter(quiet))
        for event in events:
            if isinstance(event, llm_audio_pb2.TextPiece):
                bars.close()  # bars and text do not go together on a terminal
                page.piece(event)
            elif isinstance(event, llm_audio_pb2.Answer):
                found.answers.append(event)
            elif isinstance(event, llm_audio_pb2.DescriptionSummary):
                found.summary.CopyFrom(event)
            elif isinstance(event, llm_audio_pb2.Description):
                found.CopyFrom(event)
            elif isinstance(event, evidence_pb2.Progress):
                show_stage(shown, "llm_audio", event)
            elif isinstance(event, record_pb2.AnalysisRecord):
                _check(event)
            else:
                shown.accept(event)
    return found


def _check(record: record_pb2.AnalysisRecord) -> None:
    """Raises the error of the stage that was to describe, where the rest of the analysis went well."""
    for report in record.stage_reports:
        if report.stage == "llm_audio" and report.HasField("error"):
            raise from_status(report.error)
