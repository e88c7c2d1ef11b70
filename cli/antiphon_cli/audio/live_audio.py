"""Audio for ``--live``: a microphone, standard input, or a file at its own pace."""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from antiphon.audio.v1 import audio_pb2
from antiphon_cli import exits
from antiphon_cli.audio.microphone import CHUNK_SECONDS, SAMPLE_RATE, record

Pieces = Iterator[tuple[bytes, float]]
"""Bytes of a file, in order, with the seconds of audio up to the end of each."""

_OGG_HEADER_BYTES = 27
_OPUS_RATE = 48_000  # of its positions, whatever the rate of what was encoded; RFC 7845, section 4


def pcm(sample_rate: int = SAMPLE_RATE, channels: int = 1) -> audio_pb2.AudioFormat:
    """Returns the format of 16-bit samples without a header; by default what a microphone gives."""
    return audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=sample_rate, channel_count=channels
    )


def open_audio(
    path: Path | None, stop: threading.Event, command: str = "transcribe", piped: audio_pb2.AudioFormat | None = None
) -> tuple[audio_pb2.AudioFormat, Iterator[bytes]]:
    """Returns the format of the audio to send, and the audio, which ends when ``stop`` is set.

    Args:
        path: A file; ``-`` for standard input, None for the microphone.
        stop: Ends it.
        command: Whose audio it is, for messages.
        piped: What standard input is taken for; as a microphone where None.

    Raises:
        Failure: there is no way to record, or the file's pace is not known.
    """
    piped = piped or pcm()
    rate, channels = piped.sample_rate_hertz, piped.channel_count
    if path is None:
        return pcm(), record(stop)
    if str(path) == "-":
        return piped, _piped(sys.stdin.fileno(), stop, 2 * channels, int(rate * CHUNK_SECONDS))
    file = path.open("rb")
    try:
        marker = file.read(4)
        file.seek(0)
        if not marker:
            raise exits.Failure(f"{click.format_filename(path)} is empty")
        if marker == b"RIFF":
            pieces = wav_pieces(file)
        elif marker == b"OggS":
            pieces = ogg_pieces(file)
        else:
            raise ValueError("neither WAV nor Ogg")
        first = next(pieces)
    except exits.Failure:
        file.close()
        raise
    except (ValueError, StopIteration) as error:
        file.close()
        raise exits.Failure(
            f"{click.format_filename(path)} has no pace that is known here ({error or 'it has no samples'}); --live "
            "reads WAV and Ogg files, and others through a pipe, such as: "
            f"ffmpeg -re -i FILE -f s16le -ar {rate} -ac {channels} - | antiphon {command} --live -"
        ) from error
    return audio_pb2.AudioFormat(), _paced(file, first, pieces, stop)


def wav_pieces(file: BinaryIO) -> Pieces:
    """Yields a WAV file of any sample format: its header, then pieces of CHUNK_SECONDS.

    Raises:
        ValueError: it is none, or has no samples.
    """
    header = bytearray(file.read(12))
    frame_bytes = rate = 0
    while len(head := file.read(8)) == 8:
        header += head
        if head[:4] == b"data":
            break
        size = int.from_bytes(head[4:], "little")
        body = file.read(size + size % 2)
        header += body
        if head[:4] == b"fmt " and len(body) >= 16:
            rate, frame_bytes = int.from_bytes(body[4:8], "little"), int.from_bytes(body[12:14], "little")
    if header[8:12] != b"WAVE" or not rate or not frame_bytes or header[-8:-4] != b"data":
        raise ValueError("a damaged WAV header")
    yield bytes(header), 0.0
    frames = 0
    while data := file.read(max(1, int(rate * CHUNK_SECONDS)) * frame_bytes):
        frames += len(data) // frame_bytes
        yield data, frames / rate


def ogg_pieces(file: BinaryIO) -> Pieces:
    """Yields Opus or Vorbis in Ogg, page by page; a page says where its audio ends.

    Raises:
        ValueError: it is neither.
    """
    rate, skipped, seconds, serial = 0, 0, 0.0, b""
    while len(head := file.read(_OGG_HEADER_BYTES)) == _OGG_HEADER_BYTES and head[:4] == b"OggS":
        lacing = file.read(head[26])
        body = file.read(sum(lacing))
        if not rate:
            rate, skipped = _ogg_rate(body)
            serial = head[14:18]
        position = int.from_bytes(head[6:14], "little", signed=True)
        if position >= 0 and head[14:18] == serial:
            seconds = max(seconds, (position - skipped) / rate)
        yield head + lacing + body, seconds


def _ogg_rate(body: bytes) -> tuple[int, int]:
    if body[:8] == b"OpusHead" and len(body) >= 19:
        return _OPUS_RATE, int.from_bytes(body[10:12], "little")
    if body[:7] == b"\x01vorbis" and len(body) >= 30 and (rate := int.from_bytes(body[12:16], "little")):
        return rate, 0
    raise ValueError("an Ogg file of neither Opus nor Vorbis")


def _paced(file: BinaryIO, first: tuple[bytes, float], pieces: Pieces, stop: threading.Event) -> Iterator[bytes]:
    """The pieces when they would have been spoken."""
    with file:
        yield first[0]
        started = time.monotonic()
        for data, seconds in pieces:
            if stop.wait(max(0.0, started + seconds - time.monotonic())):
                return
            yield data


def _piped(descriptor: int, stop: threading.Event, frame_bytes: int, frames: int) -> Iterator[bytes]:
    """Whole frames, up to so many at once; an end by ``stop`` may come in the middle of one."""
    held = b""
    while not stop.is_set():
        # A pipe gives what it has; waiting for whole chunks would hold words back.
        if select.select([descriptor], [], [], CHUNK_SECONDS)[0]:
            data = os.read(descriptor, frame_bytes * frames)
            if not data:
                if held:
                    yield held  # a damaged end, which the service names
                return
            held += data
            whole = len(held) - len(held) % frame_bytes
            if whole:
                yield held[:whole]
                held = held[whole:]
