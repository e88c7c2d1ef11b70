"""Live audio for ``antiphon transcribe --live``: a microphone, standard input, or a file at its own pace."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_client.cli import exits
from antiphon_client.cli.progress import progress_words
from antiphon_client.cli.summary import plain
from antiphon_client.sync import SyncClient

CHUNK_SECONDS = 0.1
SAMPLE_RATE = 16_000
RECORDERS = (
    ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", str(SAMPLE_RATE), "-c", "1"),
    ("parec", "--raw", "--format=s16le", f"--rate={SAMPLE_RATE}", "--channels=1"),
)
"""Programs that write a microphone's samples to their output, the first that is there being taken."""


def pcm(sample_rate: int = SAMPLE_RATE, channels: int = 1) -> audio_pb2.AudioFormat:
    """The format of 16-bit samples without a header."""
    return audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=sample_rate, channel_count=channels
    )


def open_source(path: Path | None) -> tuple[audio_pb2.AudioFormat, Iterator[bytes]]:
    """The audio to send and its format: of the microphone for None, of standard input for ``-``, else of a WAV file.

    Raises:
        Failure: there is no program to record with, or the file is no 16-bit WAV file.
    """
    if path is None:
        return pcm(), _recorded()
    if str(path) == "-":
        return pcm(), _read(sys.stdin.buffer)
    try:
        file = wave.open(str(path))  # noqa: SIM115
    except (wave.Error, EOFError) as error:
        raise exits.Failure(
            f"{click.format_filename(path)} is no WAV file ({error}); --live reads others through a pipe, such as: "
            f"ffmpeg -i FILE -f s16le -ar {SAMPLE_RATE} -ac 1 - | antiphon transcribe --live -"
        ) from error
    if file.getsampwidth() != 2:
        file.close()
        raise exits.Failure(f"{click.format_filename(path)} has {8 * file.getsampwidth()}-bit samples; --live wants 16")
    return pcm(file.getframerate(), file.getnchannels()), _paced(file)


def listen(
    client: SyncClient, path: Path | None, config: speech_pb2.StreamingRecognitionConfig, timeout: float, quiet: bool
) -> speech_pb2.Transcript:
    """Sends live audio, shows interim words on a terminal, and gives what was settled, a segment for each utterance."""
    audio_format, chunks = open_source(path)
    config.audio_format.CopyFrom(audio_format)
    found = speech_pb2.Transcript()
    said = speech_pb2.Segment()
    shown = _Shown(quiet)
    with closing(client.recognize(chunks, config, timeout_seconds=timeout)) as events:
        for event in events:
            if isinstance(event, speech_pb2.InterimResult):
                shown.words(said.text + event.text)
            elif isinstance(event, speech_pb2.FinalResult):
                _add(said, event)
                shown.words(said.text)
                if event.ends_utterance and said.text.strip():
                    found.segments.append(said)
                    found.segments[-1].text = said.text.strip()
                    said = speech_pb2.Segment()
            elif isinstance(event, evidence_pb2.Progress):
                shown.words(f"({progress_words(event)})")
            elif isinstance(event, speech_pb2.StreamingRecognitionSummary):
                found.summary.source.CopyFrom(event.source)
                found.summary.language_code = event.language_code
                found.summary.warnings.extend(event.warnings)
                found.summary.provenance.CopyFrom(event.provenance)
    shown.words("")
    if said.text.strip():
        found.segments.append(said)
    return found


def _add(said: speech_pb2.Segment, final: speech_pb2.FinalResult) -> None:
    said.text += final.text
    said.words.extend(final.words)
    if final.HasField("start_offset") and not said.HasField("start_offset"):
        said.start_offset.CopyFrom(final.start_offset)
    if final.HasField("end_offset"):
        said.end_offset.CopyFrom(final.end_offset)


class _Shown:
    """The utterance under way, on one line of a terminal; nothing where there is none."""

    def __init__(self, quiet: bool) -> None:
        self._on = sys.stderr.isatty() and not quiet

    def words(self, text: str) -> None:
        if self._on:
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"\r\x1b[K{plain(text)[-width:]}", err=True, nl=False)


def _paced(file: wave.Wave_read) -> Iterator[bytes]:
    """The samples of a file when they would be spoken."""
    with file:
        rate = file.getframerate()
        started, sent = time.monotonic(), 0
        while data := file.readframes(max(1, int(rate * CHUNK_SECONDS))):
            sent += len(data) // (file.getsampwidth() * file.getnchannels())
            time.sleep(max(0.0, started + sent / rate - time.monotonic()))
            yield data


def _read(stream: BinaryIO) -> Iterator[bytes]:
    size = int(SAMPLE_RATE * CHUNK_SECONDS) * 2
    # A pipe gives what it has; waiting for whole chunks would hold words back.
    read = getattr(stream, "read1", stream.read)
    while data := read(size):
        yield data


def _recorded() -> Iterator[bytes]:
    for command in RECORDERS:
        if shutil.which(command[0]) is not None:
            return _recording(command)
    names = " or ".join(command[0] for command in RECORDERS)
    raise exits.Failure(f"no microphone can be read: there is neither {names}; give a WAV file, or - for a pipe")


def _recording(command: tuple[str, ...]) -> Iterator[bytes]:
    """What a recorder writes, until the call or the program is ended."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield from _read(process.stdout)  # type: ignore[arg-type]
        finally:
            process.terminate()
