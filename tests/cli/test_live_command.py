"""``antiphon transcribe --live`` in a process of its own: files at their pace, pipes, microphones, the terminal."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import antiphon_renderers as renderers
from antiphon_cli.audio.live_audio import ogg_pieces, wav_pieces
from tests.fixtures import recordings
from tests.fixtures.gateway_process import environment


@contextmanager
def running(folder: Path, *arguments: str | Path, stderr: Any = subprocess.PIPE, **changes: str) -> Iterator[Any]:
    """The command with its pipes open; killed where it still runs at the end."""
    command = [sys.executable, "-P", "-m", "antiphon_cli", "transcribe", *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(**changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def program(folder: Path, name: str, script: str) -> None:
    """A program of the system, in a folder that is all there is of PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    path.chmod(0o755)


def test_a_file_is_sent_as_it_is_at_its_pace_and_each_utterance_is_a_line(
    antiphon: Any, speech: Any, clip: Path
) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "--live", clip)
    assert (done.returncode, done.stdout) == (0, b"hello you\nBye\n")
    # Half a second of audio cannot have been spoken in less; its header came before the first of it.
    assert speech[1].receiving_seconds[0] > 0.4
    assert speech[1].sizes == [clip.stat().st_size]
    assert not speech[1].configs[0].audio_format.HasField("sample_rate_hertz")


def test_opus_in_ogg_is_sent_as_it_is(antiphon: Any, speech: Any, tmp_path: Path) -> None:
    data = recordings.encoded(recordings.tone(0.5, sample_rate=48_000), "ogg", "libopus", 48_000)
    (tmp_path / "clip.opus").write_bytes(data)
    done = antiphon("transcribe", "--speech", speech[0], "--live", "clip.opus")
    assert (done.returncode, done.stdout) == (0, b"hello you\nBye\n")
    assert speech[1].sizes == [len(data)]


@pytest.mark.parametrize("form", ["srt", "json"])
def test_other_forms_are_written_whole_at_the_end(antiphon: Any, speech: Any, clip: Path, form: str) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "--live", "-q", "--format", form, clip)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = renderers.parse(form, done.stdout.decode())
    assert [(line.text, line.start) for line in lines] == [("hello you", 0.1), ("Bye", 2.0)]


def test_a_line_is_written_while_the_audio_still_comes_and_ctrl_c_ends_it_well(speech: Any, tmp_path: Path) -> None:
    with running(tmp_path, "--speech", speech[0], "--live", "-") as process:
        process.stdin.write(bytes(3200))
        process.stdin.flush()
        assert process.stdout.readline() == b"hello you\n"
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == b"Bye\n"
        assert process.wait(60) == 0
        assert b"Ctrl-C ends" in process.stderr.read()
    assert speech[1].sizes == [3200]
    assert speech[1].configs[0].audio_format.sample_rate_hertz == 16_000


def test_a_terminal_shows_what_may_still_change_dim_and_how_far_behind_it_is(speech: Any, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    shown = b""
    with running(tmp_path, "--speech", speech[0], "--live", "-", stderr=theirs, TERM="xterm") as process:
        os.close(theirs)
        process.stdin.write(bytes(3200))
        process.stdin.flush()
        assert process.stdout.readline() == b"hello you\n"
        process.stdin.close()
        assert process.wait(60) == 0
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            try:
                while part := terminal.read(4096):
                    shown += part
            except OSError:  # Linux says so of a terminal that nobody holds any more
                pass
    assert b"\r\x1b[K\x1b[2mhelo\x1b[0m (2.3 s behind)" in shown
    assert b"\r\x1b[Khello\x1b[2m yoo\x1b[0m" in shown
    # What is settled is on standard output alone; the line is left empty.
    assert shown.endswith(b"\r\x1b[K")


def test_a_recorder_of_the_system_is_listened_to_until_ctrl_c(speech: Any, tmp_path: Path) -> None:
    program(
        tmp_path / "bin",
        "arecord",
        "import sys, time\nassert sys.argv[1:3] == ['-q', '-t']\n"
        "while True:\n    sys.stdout.buffer.write(bytes(3200))\n    sys.stdout.flush()\n    time.sleep(0.05)\n",
    )
    with running(tmp_path, "--speech", speech[0], "--live", PATH=str(tmp_path / "bin")) as process:
        assert process.stdout.readline() == b"hello you\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == b"Bye\n"
        assert process.wait(60) == 0
    assert speech[1].sizes[0] >= 3200


def test_a_recorder_that_finds_no_microphone_is_quoted(antiphon: Any, speech: Any, tmp_path: Path) -> None:
    program(tmp_path / "bin", "arecord", "import sys\nsys.exit('audio open error: No such device')\n")
    done = antiphon("transcribe", "--speech", speech[0], "--live", PATH=str(tmp_path / "bin"), COLUMNS="")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"arecord says: audio open error: No such device; give a WAV or Ogg file" in done.stderr
    assert b"Traceback" not in done.stderr


SOUNDDEVICE = """
import threading, time
class PortAudioError(Exception):
    pass
class RawInputStream:
    def __init__(self, samplerate, blocksize, channels, dtype, callback):
        assert (samplerate, blocksize, channels, dtype) == (16000, 1600, 1, "int16")
        self.callback = callback
    def __enter__(self):
        threading.Thread(target=self.run, daemon=True).start()
    def __exit__(self, *_):
        pass
    def run(self):
        while True:
            self.callback(memoryview(bytes(3200)), 1600, None, None)
            time.sleep(0.05)
"""
"""A stand-in for the package, whose real one needs a sound card."""


def test_the_package_sounddevice_is_preferred_where_it_is_installed(speech: Any, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text(SOUNDDEVICE, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    with running(tmp_path, "--speech", speech[0], "--live", PYTHONPATH=path, PATH="/nonexistent") as process:
        assert process.stdout.readline() == b"hello you\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == b"Bye\n"
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (
            SOUNDDEVICE.replace("self.callback = callback", 'raise PortAudioError("no default input device")'),
            b"no default",
        ),
        ('raise OSError("PortAudio library not found")', b"PortAudio library not found"),
    ],
    ids=["no device", "no library"],
)
def test_a_microphone_that_cannot_be_read_is_named_with_a_way(
    antiphon: Any, speech: Any, tmp_path: Path, module: str, words: bytes
) -> None:
    (tmp_path / "sounddevice.py").write_text(module, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    done = antiphon("transcribe", "--speech", speech[0], "--live", PYTHONPATH=path, PATH="/nonexistent")
    assert (done.returncode, done.stdout) == (1, b"")
    assert words in done.stderr
    assert b"a WAV or Ogg file" in done.stderr
    assert b"Traceback" not in done.stderr


def test_without_any_way_to_record_both_ways_are_named(antiphon: Any, speech: Any) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "--live", PATH="/nonexistent")
    assert done.returncode == 1
    for words in (b"pip install sounddevice", b"arecord", b"pw-record", b"alsa-utils"):
        assert words in done.stderr
    assert speech[1].configs == []


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"ID3" + bytes(100), b"neither WAV nor Ogg"),
        (b"RIFF" + bytes(100), b"a damaged WAV header"),
        (b"OggS" + bytes(100), b"of neither Opus nor Vorbis"),
    ],
)
def test_a_file_without_a_known_pace_is_named_with_a_way(
    antiphon: Any, speech: Any, tmp_path: Path, data: bytes, wrong: bytes
) -> None:
    (tmp_path / "song.mp3").write_bytes(data)
    done = antiphon("transcribe", "--speech", speech[0], "--live", "song.mp3")
    assert done.returncode == 1
    assert wrong in done.stderr
    assert b"ffmpeg -re -i FILE" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_empty_file_is_said_to_be_empty(antiphon: Any, speech: Any, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"")
    done = antiphon("transcribe", "--speech", speech[0], "--live", "song.mp3")
    assert (done.returncode, done.stderr) == (1, b"antiphon: song.mp3 is empty\n")


def moments(pieces: Callable[[Any], Iterator[tuple[bytes, float]]], data: bytes) -> list[float]:
    found = list(pieces(io.BytesIO(data)))
    assert b"".join(piece for piece, _ in found) == data
    return [seconds for _, seconds in found]


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s24le", "pcm_f32le"])
def test_a_wav_file_is_cut_by_time_whatever_its_samples_are(codec: str) -> None:
    data = recordings.encoded(recordings.tone(1.0, sample_rate=48_000), "wav", codec, 48_000)
    seconds = moments(wav_pieces, data)
    assert seconds[0] == 0.0
    # What follows the samples, a tag of the encoder, may be a few frames to this count.
    assert seconds[-1] == pytest.approx(1.0, abs=0.01)
    assert np.diff(seconds).max() == pytest.approx(0.1)


def test_an_ogg_file_is_cut_by_its_pages() -> None:
    data = recordings.encoded(recordings.tone(5.0, sample_rate=48_000), "ogg", "libopus", 48_000)
    seconds = moments(ogg_pieces, data)
    assert all(before <= after for before, after in pairwise(seconds))
    # The last page ends where the encoder's last whole frame of 20 ms does.
    assert seconds[-1] == pytest.approx(5.0, abs=0.02)
    assert len(seconds) > 4
