"""A microphone: by PortAudio where the package sounddevice is installed, else by a recording program of the system."""

from __future__ import annotations

import importlib
import importlib.util
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import click

from antiphon_cli import exits

CHUNK_SECONDS = 0.1
SAMPLE_RATE = 16_000
RECORDERS = (
    ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", str(SAMPLE_RATE), "-c", "1"),
    ("parec", "--raw", "--format=s16le", f"--rate={SAMPLE_RATE}", "--channels=1"),
    ("pw-record", "--format=s16", f"--rate={SAMPLE_RATE}", "--channels=1", "-"),
)
"""Programs of ALSA, PulseAudio and PipeWire that write a microphone's samples to their output; the first is taken."""

_PACKAGE = "sounddevice"
_HELD_CHUNKS = 600
"""A minute: what is held while the service takes nothing."""
_ADVICE = "give a WAV or Ogg file, or - for a pipe"


def record(stop: threading.Event) -> Iterator[bytes]:
    """Yields mono 16-bit samples at 16 kHz from the default microphone until ``stop`` is set.

    Raises:
        Failure: there is no way to record; while it runs: there is no microphone, or the service takes no audio.
    """
    reason = f"the package {_PACKAGE} is not installed"
    if importlib.util.find_spec(_PACKAGE) is not None:
        try:
            return _by_portaudio(importlib.import_module(_PACKAGE), stop)
        except OSError as error:
            reason = f"{_PACKAGE} cannot be used ({error})"
    for command in RECORDERS:
        if shutil.which(command[0]) is not None:
            return _by_program(command, stop)
    programs = ", ".join(command[0] for command in RECORDERS)
    raise exits.Failure(
        f"no microphone can be read: {reason}, and none of {programs} is there; pip install {_PACKAGE} (on Linux with "
        f"the system's PortAudio, such as libportaudio2) or install alsa-utils; or {_ADVICE}"
    )


def _by_portaudio(library: Any, stop: threading.Event) -> Iterator[bytes]:
    heard: queue.Queue[bytes] = queue.Queue(_HELD_CHUNKS)
    lost = threading.Event()

    def take(data: Any, _frames: int, _time: Any, _status: Any) -> None:
        try:
            heard.put_nowait(bytes(data))
        except queue.Full:
            lost.set()

    try:
        frames = int(SAMPLE_RATE * CHUNK_SECONDS)
        with library.RawInputStream(SAMPLE_RATE, frames, channels=1, dtype="int16", callback=take):
            while not stop.is_set():
                if lost.is_set():
                    raise exits.Failure(f"the service took no audio for {_HELD_CHUNKS * CHUNK_SECONDS:g} s")
                try:
                    yield heard.get(timeout=CHUNK_SECONDS)
                except queue.Empty:
                    continue
    except library.PortAudioError as error:
        raise exits.Failure(f"the microphone cannot be read: {error}; {_ADVICE}") from error


def _by_program(command: tuple[str, ...], stop: threading.Event) -> Iterator[bytes]:
    """What a recorder writes, in a session of its own so that Ctrl-C in the terminal ends the stream and not it."""
    came = False
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True) as process,
    ):
        assert process.stdout is not None
        try:
            while not stop.is_set():
                # What there is, at once; a recorder writes several times a second.
                data = process.stdout.read1(int(SAMPLE_RATE * CHUNK_SECONDS) * 2)  # type: ignore[attr-defined]
                if not data:
                    break
                came = True
                yield data
        finally:
            process.terminate()
        code = process.wait()
        if stop.is_set() or not code:
            return
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
    if came:
        click.echo(f"antiphon: {command[0]} ended: {said[-1]}", err=True)
        return
    raise exits.Failure(f"the microphone cannot be read: {command[0]} says: {said[-1]}; {_ADVICE}")
