"""``antiphon transcribe --live``: words on the terminal while they are spoken."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

import click
from rich.cells import cell_len

from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.live_audio import open_audio
from antiphon_cli.progress import progress_words
from antiphon_cli.summary import plain
from antiphon_client.sync import SyncClient

LATE_SECONDS = 1.0
"""Lag from which on it is shown."""


def listen(
    client: SyncClient,
    path: Path | None,
    config: speech_pb2.StreamingRecognitionConfig,
    timeout: float,
    quiet: bool,
    settled: Callable[[speech_pb2.Segment], None],
) -> speech_pb2.Transcript:
    """Sends live audio and shows the words on a terminal while they come.

    Ctrl-C ends a microphone or a pipe, and what was said until then is still written down; a second one gives up.

    Args:
        client: Of the speech service.
        path: A file; ``-`` for standard input, None for the microphone.
        config: Settings; the audio's format is filled in.
        timeout: Longest time, in seconds.
        quiet: Whether to show nothing.
        settled: Called with each utterance, a segment, as soon as nothing of it can change.

    Raises:
        Failure: there is no way to record, or the file's pace is not known.
        AntiphonClientError: the call failed.
    """
    stop = threading.Event()
    audio_format, chunks = open_audio(path, stop)
    config.audio_format.CopyFrom(audio_format)
    found = speech_pb2.Transcript()
    said = speech_pb2.Segment()
    shown = _Shown(quiet)

    def end_utterance() -> None:
        nonlocal said
        if said.text.strip():
            said.text = said.text.strip()
            found.segments.append(said)
            shown.clear()
            settled(said)
        said = speech_pb2.Segment()

    listening = path is None or str(path) == "-"
    if listening and not quiet:
        click.echo(f"listening to {'the microphone' if path is None else 'standard input'}; Ctrl-C ends", err=True)
    with (
        ended_by_interrupt(stop, listening),
        shown,
        closing(client.recognize(chunks, config, timeout_seconds=timeout)) as events,
    ):
        for event in events:
            if isinstance(event, speech_pb2.InterimResult):
                shown.words(said.text, event.text, event.position)
            elif isinstance(event, speech_pb2.FinalResult):
                _add(said, event)
                if event.ends_utterance:
                    end_utterance()
                else:
                    shown.words(said.text, "", event.position)
            elif isinstance(event, evidence_pb2.Progress):
                shown.words("", f"({progress_words(event)})", None)
            elif isinstance(event, speech_pb2.StreamingRecognitionSummary):
                found.summary.source.CopyFrom(event.source)
                found.summary.language_code = event.language_code
                if event.HasField("language_probability"):
                    found.summary.language_probability = event.language_probability
                found.summary.warnings.extend(event.warnings)
                found.summary.provenance.CopyFrom(event.provenance)
        end_utterance()
    return found


def _add(said: speech_pb2.Segment, final: speech_pb2.FinalResult) -> None:
    said.text += final.text
    said.words.extend(final.words)
    if final.HasField("start_offset") and not said.HasField("start_offset"):
        said.start_offset.CopyFrom(final.start_offset)
    if final.HasField("end_offset"):
        said.end_offset.CopyFrom(final.end_offset)


@contextmanager
def ended_by_interrupt(stop: threading.Event, wanted: bool) -> Iterator[None]:
    """Within the block the first Ctrl-C sets ``stop``; the next one does what it did before."""
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Shown:
    """The utterance under way on one line of a terminal, what may still change dim; nothing where there is none."""

    def __init__(self, quiet: bool) -> None:
        self._on = sys.stderr.isatty() and not quiet

    def __enter__(self) -> _Shown:
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
