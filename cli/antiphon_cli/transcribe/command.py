"""``antiphon transcribe``: recordings in, text, subtitles or lyrics files out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli import exits
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt, each_file
from antiphon_cli.files import write_text
from antiphon_cli.progress import reporter
from antiphon_cli.terminal import show_warnings, shown_name
from antiphon_cli.transcribe.live import listen
from antiphon_cli.transcribe.options import hearing_options, layout_options, output_options
from antiphon_cli.transcribe.recorded import aligned, transcript
from antiphon_cli.transcribe.request import Asked, Source
from antiphon_client import SyncClient


@click.command(epilog=exits.HELP)
@output_options
@hearing_options
@layout_options
@connection_options({"speech": "The speech service."}, longest="each file", quiet="Show no progress and no warnings.")
def transcribe(files: tuple[Path, ...], connection: Connection, **given: Any) -> int:
    """Write down what is said or sung in audio files.

    With several files, --out is a folder, and a file that fails does not stop the others.

    \b
    Examples:
      antiphon transcribe talk.mp3
      antiphon transcribe --format srt --out talk.srt talk.mp3
      antiphon transcribe --singing --format elrc vocals.flac
      antiphon transcribe --lyrics words.txt --format lrc --out song.lrc vocals.flac
      antiphon transcribe --live
      antiphon transcribe --live talk.wav
      ffmpeg -re -i talk.mp3 -f s16le -ar 16000 -ac 1 - | antiphon transcribe --live -
    """
    asked = Asked(**given)
    asked.check(files)
    transcription, alignment = asked.transcription(), asked.alignment()
    sources: tuple[Source, ...] = files or (None,)
    with exits.terminable(), connection.open() as client:
        job = _Job(client, connection, asked, transcription, alignment)
        return each_file(job, zip(sources, asked.places(sources), strict=True))


@dataclass(frozen=True)
class _Job:
    """Writes down one source after the other."""

    client: SyncClient
    connection: Connection
    asked: Asked
    transcription: speech_pb2.TranscriptionConfig
    alignment: speech_pb2.AlignmentConfig | None

    def __call__(self, source: tuple[Source, Path | None]) -> int:
        path, place = source
        name = "microphone" if path is None else shown_name(path)
        done = attempt(lambda: self._hear(path), name, self.connection, path)
        if done.found is None:
            return done.code
        if not self.connection.quiet:
            show_warnings(done.found.summary.warnings, name)
        if self.asked.at_once:
            return exits.OK
        text = self.asked.render(done.found)
        if place is None:
            click.echo(text, nl=False)
        else:
            write_text(place, text)
        return exits.OK

    def _hear(self, path: Source) -> speech_pb2.Transcript | speech_pb2.AlignedLyrics:
        quiet = self.connection.quiet
        if self.asked.live or path is None:
            settled = _print if self.asked.at_once else _keep
            return listen(self.client, path, self.asked.recognition(), quiet, settled)
        with reporter(quiet) as shown:
            if self.alignment is None:
                return transcript(self.client, path, self.transcription, shown)
            return aligned(self.client, path, self.alignment, shown)


def _print(segment: speech_pb2.Segment) -> None:
    click.echo(renderers.render("txt", speech_pb2.Transcript(segments=[segment])), nl=False)


def _keep(_segment: speech_pb2.Segment) -> None:
    """It is written with the others."""
