"""``antiphon analyze``: files in, a summary, lyrics or JSON out, stems on the side."""

from __future__ import annotations

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
from antiphon_cli.analyze.unheard import error_of_the_file
from antiphon_cli.audio.recordings import opened
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt, each_file, settle
from antiphon_cli.outputs import standard
from antiphon_cli.outputs.errors import Skipped
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.places import places
from antiphon_cli.outputs.records import Records, told_name
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.texts import Texts
from antiphon_cli.progress import reporter
from antiphon_cli.rendering import LAYOUT, Layout, extension_of
from antiphon_cli.separate.stems import StemFiles
from antiphon_cli.services import GATEWAY
from antiphon_cli.terminal import complain, remark, shown_name, width
from antiphon_client import SyncClient


@click.command(epilog=exits.HELP)
@analyze_options
@existing_options(skipping="Leave files whose outputs are all there, and of others those that are.")
@connection_options({GATEWAY: "The gateway."}, longest="each file", quiet="Show no progress.")
def analyze(files: tuple[Path, ...], json_path: str | None, connection: Connection, rules: Rules, **given: Any) -> int:
    """Analyse audio files and print what was found. A FILE may be -, a recording on standard input.

    The JSON of one file is its record, or {file, error} where it could not be heard. Of several it is one line for
    each, {file, record} or {file, error}, and a file that fails does not stop the others. An error of a stage is in the
    record, as stage_reports[].error, and in the summary; the exit code is then 1.

    \b
    Examples:
      antiphon analyze song.mp3
      antiphon analyze --json - song.mp3 | jq .fusion.tempo
      antiphon analyze --json records.jsonl --skip-existing songs/*.mp3
      antiphon analyze --singing --format lrc --out song.lrc song.mp3
      antiphon analyze --only speech --diarize --format vtt talk.mp3
      antiphon analyze --only separation --stems out/ song.mp3
      antiphon analyze --only essentia --settings ballad.json song.mp3
      antiphon analyze --model speech=whisper-tiny.en --language en talk.wav
    """
    asked = Asked(layout=Layout(**{name: given.pop(name) for name in LAYOUT}), **given)
    asked.check(files, json_path)
    several = len(files) > 1
    every_feature = asked.shows_every_feature(json_alone=json_path == "-")
    settings = asked.settings(every_feature)
    texts = Texts(asked.out, extension_of(asked.form or "txt"), rules)
    with Records(json_path, several, rules) as records, exits.terminable(), connection.open() as client:
        job = _Job(client, connection, asked, settings, texts, records, every_feature, several)
        return each_file(job, zip(files, places(files), texts.places(files), strict=True))


@dataclass(frozen=True)
class _Job:
    """Analyses one file after the other; puts what came of each into ``records``."""

    client: SyncClient
    connection: Connection
    asked: Asked
    settings: dict[str, Any]
    texts: Texts
    records: Records
    every_feature: bool
    several: bool

    def __call__(self, source: tuple[Path, Path, Path | None]) -> int:
        path, place, text = source
        name = shown_name(path)
        if self.several and not self.connection.quiet:
            remark(name)
        done = attempt(lambda: self._one(path, place, text, name), name, self.connection, path)
        return done.found or settle(done, self.records, path, name, self.connection)

    def _one(self, path: Path, place: Path, text: Path | None, name: str) -> int:
        if self.records.has(path):
            raise Skipped(["its record"], str(self.records.path))
        stems_folder = self.asked.stems_folder
        texts = [text] if self.asked.form is not None else []
        # Which stems there are is known when they come.
        self.texts.rules.skip([*texts, *self.records.places, *([None] if stems_folder is not None else [])])
        for each in texts:
            if each is not None and not self.texts.rules.leaves(each):
                self.texts.check(each)
        record, stems = self._run(path, None if stems_folder is None else stems_folder / place)
        error = error_of_the_file(record)
        if error is not None:
            raise error
        document = to_document(record)
        self.records.add({"file": told_name(path), "record": document} if self.several else document)
        self._show(record, stems, text, name)
        fine = all(report.state == record_pb2.STAGE_STATE_SUCCEEDED for report in record.stage_reports)
        return exits.OK if fine else exits.FAILED

    def _show(self, record: record_pb2.AnalysisRecord, stems: list[Path], text: Path | None, name: str) -> None:
        if self.asked.form is not None and not (text is not None and self.texts.rules.leaves(text)):
            if record.HasField("speech"):
                lyrics = self.asked.layout.render(self.asked.form, record.speech, self.asked.singing)
                self.texts.write(text, lyrics)
            else:
                complain("the stage speech has no answer, so there are no lyrics to write", name)
        if self.records.path != "-" and (self.asked.form is None or text is not None):
            standard.tell(summarise(name, record, stems, self.every_feature, width()))

    def _run(self, path: Path, folder: Path | None) -> tuple[record_pb2.AnalysisRecord, list[Path]]:
        record = record_pb2.AnalysisRecord()
        with ExitStack() as stack:
            rules, root = self.texts.rules, self.asked.stems_folder
            files = None if folder is None else stack.enter_context(StemFiles(folder, rules, root))
            shown = stack.enter_context(reporter(self.connection.quiet))
            for event in stack.enter_context(closing(self.client.analyze(opened(path), **self.settings))):
                shown.accept(event)
                if isinstance(event, record_pb2.AnalysisRecord):
                    record = event
                elif files is not None and isinstance(event, separation_pb2.SeparationHeader):
                    files.begin(event)
                elif files is not None and isinstance(event, separation_pb2.StemChunk):
                    files.write(event)
            stems = files.commit(record.separation.stems) if files is not None and record.HasField("separation") else []
        return record, stems
