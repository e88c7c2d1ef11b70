"""``antiphon separate``: files in, their stems out, with levels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format

from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli import exits
from antiphon_cli.audio.interrupt import ended_by_interrupt
from antiphon_cli.audio.live_audio import open_audio, pcm
from antiphon_cli.audio.recordings import is_pipe, opened
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt, each_file, settle
from antiphon_cli.outputs import standard
from antiphon_cli.outputs.errors import Skipped
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.places import places
from antiphon_cli.outputs.records import Records, told_name
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.progress import reporter
from antiphon_cli.separate import report
from antiphon_cli.separate.options import output_options, work_options
from antiphon_cli.separate.request import Asked
from antiphon_cli.separate.stem_pipe import StemPipe
from antiphon_cli.separate.stems import StemFiles, receive_stems
from antiphon_cli.terminal import remark, show_warnings, shown_name, width
from antiphon_client import SyncClient
from antiphon_wire.rpcs import SeparateEvent

LIVE_RATE, LIVE_CHANNELS = 44_100, 2
"""What standard input is taken for."""


@click.command(epilog=exits.HELP)
@output_options
@work_options
@existing_options(
    skipping="Leave files whose stems are all there. Without --stems the service has to be asked which those are."
)
@connection_options(
    {"separation": "The separation service."}, longest="each file", quiet="Show no progress and no warnings."
)
def separate(files: tuple[Path, ...], connection: Connection, rules: Rules, **given: Any) -> int:
    """Split songs into their stems. A FILE may be -, a recording on standard input.

    The stems of song.mp3 go to separated/song/. They are written while they are computed and moved to their names when
    all are whole. With several files, a file that fails does not stop the others; its JSON is {file, error}.

    \b
    Examples:
      antiphon separate song.mp3
      antiphon separate --stems vocals,no_vocals --out karaoke/ song.mp3
      antiphon separate --format m4a --clip-mode rescale song.wav
      antiphon separate --start 30 --end 60 --rate keep --stems vocals song.flac
      antiphon separate --skip-existing --json stems.jsonl songs/*.mp3
      antiphon separate -s vocals -f wav -o - song.mp3 | antiphon transcribe -
      arecord -t raw -f cd |
        antiphon separate --live -s no_vocals -f s16le -o - - | aplay -f cd
    """
    asked = Asked(**given)
    asked.check(files)
    config = asked.config()
    with Records(asked.json_path, len(files) > 1, rules) as records, exits.terminable(), connection.open() as client:
        job = _Job(client, connection, asked, config, rules, records, len(files) > 1 and not connection.quiet)
        return each_file(job, zip(files, places(files), strict=True))


@dataclass(frozen=True)
class _Job:
    """Separates one file after the other; puts what came of each into ``records``."""

    client: SyncClient
    connection: Connection
    asked: Asked
    config: separation_pb2.SeparationConfig
    rules: Rules
    records: Records
    named: bool

    def __call__(self, source: tuple[Path, Path]) -> int:
        path, place = source
        name = shown_name(path)
        if self.named:
            remark(name)
        done = attempt(lambda: self._one(path, place, name), name, self.connection, path)
        return settle(done, self.records, path, name, self.connection)

    def _one(self, path: Path, place: Path, name: str) -> bool:
        if self.records.has(path):
            raise Skipped(["its record"], str(self.records.path))
        folder = self.asked.out / place
        if not self.asked.piped:
            self.rules.skip([*self.asked.known_outputs(folder), *self.records.places])
        summary, paths = self._run(path, folder)
        if not self.connection.quiet:
            show_warnings(summary.warnings, name)
        if self.asked.json_path != "-" and not (self.asked.piped and self.connection.quiet):
            text = "\n".join(report.lines(summary, paths, width()))
            remark(text) if self.asked.piped else standard.tell(text)
        document = json_format.MessageToDict(summary, preserving_proto_field_name=True)
        stems = [told_name(each) for each in paths]
        self.records.add({"file": told_name(path), "stems": stems, "summary": document})
        return True

    def _run(self, path: Path, folder: Path) -> tuple[separation_pb2.SeparationSummary, list[Path]]:
        with ExitStack() as stack:
            files: StemPipe | StemFiles
            files = StemPipe() if self.asked.piped else StemFiles(folder, self.rules, self.asked.out)
            stack.enter_context(files)
            shown = stack.enter_context(reporter(self.connection.quiet))
            return receive_stems(self._events(path, stack), files, shown)

    def _events(self, path: Path, stack: ExitStack) -> Iterator[SeparateEvent]:
        """The call's events, until ``stack`` ends it."""
        if not self.asked.live:
            return stack.enter_context(closing(self.client.separate(opened(path), self.config)))
        stop, config = threading.Event(), separation_pb2.SeparationConfig()
        config.CopyFrom(self.config)
        audio_format, chunks = open_audio(path, stop, "separate", pcm(LIVE_RATE, LIVE_CHANNELS))
        config.audio_format.CopyFrom(audio_format)
        piped = is_pipe(path)
        if piped and not self.connection.quiet:
            remark("listening to standard input; Ctrl-C ends")
        stack.enter_context(ended_by_interrupt(stop, piped))
        return stack.enter_context(closing(self.client.separate_live(chunks, config)))
