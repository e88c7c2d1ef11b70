"""``antiphon analyze``: files in, a summary or JSON out, stems on the side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli import exits
from antiphon_cli.analyze.document import to_document
from antiphon_cli.analyze.options import analyze_options
from antiphon_cli.analyze.request import Asked
from antiphon_cli.analyze.summary import summarise
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt, each_file
from antiphon_cli.files import write_json
from antiphon_cli.progress import reporter
from antiphon_cli.separate.stems import StemFiles, stem_folders
from antiphon_cli.services import GATEWAY
from antiphon_cli.terminal import shown_name
from antiphon_client import SyncClient


@click.command(epilog=exits.HELP)
@analyze_options
@connection_options({GATEWAY: "The gateway."}, longest="each file", quiet="Show no progress.")
def analyze(files: tuple[Path, ...], json_path: str | None, connection: Connection, **given: Any) -> int:
    """Analyse audio files and print what was found.

    With several files, the stems of each go to a folder of its own, the JSON is a list of {file, record} or
    {file, error}, and a file that fails does not stop the others.

    \b
    Examples:
      antiphon analyze song.mp3
      antiphon analyze --json - song.mp3 | jq .fusion.tempo
      antiphon analyze --only essentia song.mp3
      antiphon analyze --only separation --stems out/ song.mp3
      antiphon analyze --only essentia --settings ballad.json song.mp3
      antiphon analyze --model speech=whisper-tiny.en --language en talk.wav
    """
    asked = Asked(**given)
    every_feature = asked.shows_every_feature(json_alone=json_path == "-")
    settings = asked.settings(every_feature)
    results: list[dict[str, Any]] = []
    named = len(files) > 1 and not connection.quiet
    with exits.terminable(), connection.open() as client:
        job = _Job(client, connection, settings, named, every_feature, json_path != "-", results)
        code = each_file(job, zip(files, stem_folders(files, asked.stems_folder), strict=True))
    _write(json_path, results)
    return code


@dataclass(frozen=True)
class _Job:
    """Analyses one file after the other; puts what came of each into ``results``."""

    client: SyncClient
    connection: Connection
    settings: dict[str, Any]
    named: bool
    every_feature: bool
    show: bool
    results: list[dict[str, Any]]

    def __call__(self, source: tuple[Path, Path | None]) -> int:
        path, folder = source
        name = shown_name(path)
        if self.named:
            click.echo(name, err=True)
        done = attempt(lambda: self._run(path, folder), name, self.connection, path)
        if done.found is None:
            self.results.append({"file": name, "error": done.problem})
            return done.code
        record, stems = done.found
        if self.show:
            click.echo(summarise(name, record, stems, self.every_feature))
        self.results.append({"file": name, "record": to_document(record)})
        fine = all(report.state == record_pb2.STAGE_STATE_SUCCEEDED for report in record.stage_reports)
        return exits.OK if fine else exits.FAILED

    def _run(self, path: Path, folder: Path | None) -> tuple[record_pb2.AnalysisRecord, list[Path]]:
        record = record_pb2.AnalysisRecord()
        with ExitStack() as stack:
            files = None if folder is None else stack.enter_context(StemFiles(folder))
            shown = stack.enter_context(reporter(self.connection.quiet))
            for event in stack.enter_context(closing(self.client.analyze(path, **self.settings))):
                shown.accept(event)
                if isinstance(event, record_pb2.AnalysisRecord):
                    record = event
                elif files is not None and isinstance(event, separation_pb2.SeparationHeader):
                    files.begin(event)
                elif files is not None and isinstance(event, separation_pb2.StemChunk):
                    files.write(event)
            lengths = {stem.name: stem.frame_count for stem in record.separation.stems}
            stems = files.commit(lengths) if files is not None and record.HasField("separation") else []
        return record, stems


def _write(json_path: str | None, results: Sequence[dict[str, Any]]) -> None:
    """Writes a list for several files; for one its record, or to a file why there is none."""
    if len(results) > 1:
        write_json(json_path, results)
    elif "record" in results[0]:
        write_json(json_path, results[0]["record"])
    elif json_path != "-":
        write_json(json_path, results[0])  # what an older file says must not pass for this run's answer
