"""``antiphon separate``: files in, their stems out, with levels."""

from __future__ import annotations

import sys
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
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt, each_file
from antiphon_cli.files import write_json
from antiphon_cli.progress import reporter
from antiphon_cli.separate import report
from antiphon_cli.separate.options import output_options, work_options
from antiphon_cli.separate.request import Asked
from antiphon_cli.separate.stem_pipe import StemPipe
from antiphon_cli.separate.stems import StemFiles, receive_stems, stem_folders
from antiphon_cli.terminal import show_warnings, shown_name
from antiphon_client import SyncClient
from antiphon_wire.rpcs import SeparateEvent

LIVE_RATE, LIVE_CHANNELS = 44_100, 2
"""What standard input is taken for."""


@click.command(epilog=exits.HELP)
@output_options
@work_options
@connection_options(
    {"separation": "The separation service."}, longest="each file", quiet="Show no progress and no warnings."
)
def separate(files: tuple[Path, ...], connection: Connection, **given: Any) -> int:
    """Split songs into their stems.

    The stems are written while they are computed and moved to their names when all are whole. With several files, a
    file that fails does not stop the others.

    \b
    Examples:
      antiphon separate song.mp3
      antiphon separate --stems vocals,no_vocals --out karaoke/ song.mp3
      antiphon separate --format m4a --clip-mode rescale song.wav
      antiphon separate --start 30 --end 60 --rate keep --stems vocals song.flac
      antiphon separate --stems vocals --format wav --out - song.mp3 | antiphon transcribe /dev/stdin
      arecord -t raw -f cd | antiphon separate --live --stems no_vocals --format s16le --out - - | aplay -f cd
    """
    asked = Asked(**given)
    asked.check(files)
    config = asked.config()
    results: list[dict[str, Any]] = []
    with exits.terminable(), connection.open() as client:
        job = _Job(client, connection, asked, config, len(files) > 1 and not connection.quiet, results)
        code = each_file(job, zip(files, stem_folders(files, asked.out), strict=True))
    write_json(asked.json_path, results if len(results) > 1 else results[0])
    return code


@dataclass(frozen=True)
class _Job:
    """Separates one file after the other; puts what came of each into ``results``."""

    client: SyncClient
    connection: Connection
    asked: Asked
    config: separation_pb2.SeparationConfig
    named: bool
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
        summary, paths = done.found
        if not self.connection.quiet:
            show_warnings(summary.warnings, name)
        if self.asked.json_path != "-" and not (self.asked.piped and self.connection.quiet):
            click.echo("\n".join(report.lines(summary, paths)), err=self.asked.piped)
        document = json_format.MessageToDict(summary, preserving_proto_field_name=True)
        self.results.append({"file": name, "stems": [str(each) for each in paths], "summary": document})
        return exits.OK

    def _run(self, path: Path, folder: Path | None) -> tuple[separation_pb2.SeparationSummary, list[Path]]:
        with ExitStack() as stack:
            files: StemPipe | StemFiles
            files = StemFiles(folder) if folder is not None and not self.asked.piped else StemPipe(sys.stdout.buffer)
            stack.enter_context(files)
            shown = stack.enter_context(reporter(self.connection.quiet))
            return receive_stems(self._events(path, stack), files, shown)

    def _events(self, path: Path, stack: ExitStack) -> Iterator[SeparateEvent]:
        """The call's events, until ``stack`` ends it."""
        if not self.asked.live:
            return stack.enter_context(closing(self.client.separate(path, self.config)))
        stop, config = threading.Event(), separation_pb2.SeparationConfig()
        config.CopyFrom(self.config)
        audio_format, chunks = open_audio(path, stop, "separate", pcm(LIVE_RATE, LIVE_CHANNELS))
        config.audio_format.CopyFrom(audio_format)
        piped = str(path) == "-"
        if piped and not self.connection.quiet:
            click.echo("listening to standard input; Ctrl-C ends", err=True)
        stack.enter_context(ended_by_interrupt(stop, piped))
        return stack.enter_context(closing(self.client.separate_live(chunks, config)))
