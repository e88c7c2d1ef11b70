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
from antiphon_cli.outputs import standard
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.places import Source
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.texts import Texts
from antiphon_cli.progress import reporter
from antiphon_cli.rendering import LAYOUT, Layout, extension_of, layout_options
from antiphon_cli.terminal import show_warnings, shown_name
from antiphon_cli.transcribe.live import listen
from antiphon_cli.transcribe.options import hearing_options, output_options
from antiphon_cli.transcribe.recorded import aligned, transcript
from antiphon_cli.transcribe.request import Asked
from antiphon_client import SyncClient


@click.command(epilog=exits.HELP)
@output_options
@hearing_options
@layout_options
@existing_options(skipping="Leave files whose text is there already.")
@connection_options({"speech": "The speech service."}, longest="each file", quiet="Show no progress and no warnings.")
def transcribe(files: tuple[Path, ...], connection: Connection, rules: Rules, **given: Any) -> int:
    """Write down what is said or sung in audio files. A FILE may be -, a recording on standard input.

    With several files, --out is a folder, and a file that fails does not stop the others.

    \b
    Examples:
      antiphon transcribe talk.mp3
      antiphon transcribe --format srt --out talk.srt talk.mp3
      antiphon transcribe --diarize --speakers 2 -f vtt -o talk.vtt talk.mp3
      antiphon transcribe --singing --format elrc vocals.flac
      antiphon transcribe --lyrics words.txt -f lrc -o song.lrc vocals.flac
      antiphon transcribe --live
      antiphon transcribe --live talk.wav
      antiphon transcribe --format srt --out texts/ --skip-existing talks/*.mp3
      antiphon transcribe - < talk.mp3
      ffmpeg -re -i talk.mp3 -f s16le -ar 16000 -ac 1 - |
        antiphon transcribe --live -
    """
    layout = Layout(**{name: given.pop(name) for name in LAYOUT})
    asked = Asked(layout=layout, **given)
    asked.check(files)
    transcription, alignment = asked.transcription(), asked.alignment()
    sources: tuple[Source, ...] = files or (None,)
    texts = Texts(asked.out, extension_of(asked.form), rules)
    with exits.terminable(), connection.open() as client:
        job = _Job(client, connection, asked, transcription, alignment, texts)
        return each_file(job, zip(sources, texts.places(sources), strict=True))


@dataclass(frozen=True)
class _Job:
    """Writes down one source after the other."""

    client: SyncClient
    connection: Connection
    asked: Asked
    transcription: speech_pb2.TranscriptionConfig
    alignment: speech_pb2.AlignmentConfig | None
    texts: Texts

    def __call__(self, source: tuple[Source, Path | None]) -> int:
        path, place = source
        name = "microphone" if path is None else shown_name(path)
        return attempt(lambda: self._one(path, place, name), name, self.connection, path).code

    def _one(self, path: Source, place: Path | None, name: str) -> bool:
        self.texts.rules.skip([place])
        self.texts.check(place)
        found = self._hear(path)
        if not self.connection.quiet:
            show_warnings(found.summary.warnings, name)
        if not self.asked.at_once:
            self.texts.write(place, self.asked.render(found))
        return True

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
    standard.tell(renderers.render("txt", speech_pb2.Transcript(segments=[segment])), newline=False)


def _keep(_segment: speech_pb2.Segment) -> None:
    """It is written with the others."""
