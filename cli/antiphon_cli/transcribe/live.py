"""``antiphon transcribe --live``: words on the terminal while they are spoken."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
from rich.cells import cell_len

from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.audio.interrupt import ended_by_interrupt
from antiphon_cli.audio.live_audio import open_audio
from antiphon_cli.progress_words import progress_words
from antiphon_cli.terminal import plain
from antiphon_client import SyncClient
from antiphon_wire.rpcs import RecognizeEvent

LATE_SECONDS = 1.0
"""Lag from which on it is shown."""


def listen(
    client: SyncClient,
    path: Path | None,
    config: speech_pb2.StreamingRecognitionConfig,
    quiet: bool,
    settled: Callable[[speech_pb2.Segment], None],
) -> speech_pb2.Transcript:
    """Sends live audio and shows the words on a terminal while they come.

    Ctrl-C ends a microphone or a pipe, and what was said until then is still written down; a second one gives up.

    Args:
        client: Of the speech service.
        path: A file; ``-`` for standard input, None for the microphone.
        config: Settings; the audio's format is filled in.
        quiet: Whether to show nothing.
        settled: Called with each utterance, a segment, as soon as nothing of it can change.

    Raises:
        Failure: there is no way to record, or the file's pace is not known.
        AntiphonClientError: the call failed.
    """
    stop = threading.Event()
    audio_format, chunks = open_audio(path, stop)
    config.audio_format.CopyFrom(audio_format)
    without_end = path is None or str(path) == "-"
    if without_end and not quiet:
        click.echo(f"listening to {'the microphone' if path is None else 'standard input'}; Ctrl-C ends", err=True)
    with (
        ended_by_interrupt(stop, without_end),
        _Line(quiet) as line,
        closing(client.recognize(chunks, config)) as events,
    ):
        utterances = _Utterances(line, settled)
        for event in events:
            utterances.accept(event)
        return utterances.end()


class _Utterances:
    """Puts words together to utterances while they come."""

    def __init__(self, line: _Line, settled: Callable[[speech_pb2.Segment], None]) -> None:
        self._line = line
        self._settled = settled
        self._found = speech_pb2.Transcript()
        self._said = speech_pb2.Segment()
        """The utterance under way: what of it is final."""

    def accept(self, event: RecognizeEvent) -> None:
        if isinstance(event, speech_pb2.InterimResult):
            self._line.words(self._said.text, event.text, event.position)
        elif isinstance(event, speech_pb2.FinalResult):
            self._add(event)
        elif isinstance(event, evidence_pb2.Progress):
            self._line.words("", f"({progress_words(event)})", None)
        elif isinstance(event, speech_pb2.StreamingRecognitionSummary):
            summary = self._found.summary
            summary.source.CopyFrom(event.source)
            summary.language_code = event.language_code
            if event.HasField("language_probability"):
                summary.language_probability = event.language_probability
            summary.warnings.extend(event.warnings)
            summary.provenance.CopyFrom(event.provenance)

    def end(self) -> speech_pb2.Transcript:
        """Ends the utterance under way; returns all."""
        self._end_utterance()
        return self._found

    def _add(self, final: speech_pb2.FinalResult) -> None:
        said = self._said
        said.text += final.text
        said.words.extend(final.words)
        if final.HasField("start_offset") and not said.HasField("start_offset"):
            said.start_offset.CopyFrom(final.start_offset)
        if final.HasField("end_offset"):
            said.end_offset.CopyFrom(final.end_offset)
        if final.ends_utterance:
            self._end_utterance()
        else:
            self._line.words(said.text, "", final.position)

    def _end_utterance(self) -> None:
        said, self._said = self._said, speech_pb2.Segment()
        said.text = said.text.strip()
        if said.text:
            self._found.segments.append(said)
            self._line.clear()
            self._settled(said)


class _Line:
    """The utterance under way on one line of a terminal, what may still change dim; nothing where there is none."""

    def __init__(self, quiet: bool) -> None:
        self._on = sys.stderr.isatty() and not quiet

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def words(self, settled: str, open_: str, position: speech_pb2.StreamPosition | None) -> None:
        if not self._on:
            return
        lag = 0.0 if position is None else position.lag.ToNanoseconds() / 1e9
        late = f" ({lag:.1f} s behind)" if lag > LATE_SECONDS else ""
        room = shutil.get_terminal_size().columns - 1 - cell_len(late)
        open_ = _end_of(plain(open_ if settled else open_.lstrip()), room)
        settled = _end_of(plain(settled.lstrip()), room - cell_len(open_))
        dim = click.style(open_, dim=True) if open_ else ""
        click.echo(f"\r\x1b[K{settled}{dim}{late}", err=True, nl=False)

    def clear(self) -> None:
        if self._on:
            click.echo("\r\x1b[K", err=True, nl=False)


def _end_of(text: str, cells: int) -> str:
    """As much of the text's end as fits."""
    while cell_len(text) > max(cells, 0):
        text = text[1:]
    return text
