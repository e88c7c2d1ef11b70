"""A stem that was encoded as a stream becomes a file whose header says how long it is."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from antiphon_cli.audio.file_headers import complete
from chassis.audio import Encoder

FRAMES = 10_007


def stream(encoding: str) -> bytes:
    encoder = Encoder(encoding, 44_100, 2)
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)
    return encoder.write(samples) + encoder.finish()


@pytest.mark.parametrize("encoding", ["flac", "wav"])
def test_the_length_is_what_the_library_reads(encoding: str) -> None:
    file = io.BytesIO(stream(encoding))
    complete(file, encoding, FRAMES)
    file.seek(0)
    info = soundfile.info(file)
    assert (info.frames, info.samplerate, info.channels) == (FRAMES, 44_100, 2)
    file.seek(0)
    assert soundfile.read(file)[0].shape == (FRAMES, 2)


@pytest.mark.parametrize("encoding", ["flac", "wav"])
def test_the_samples_are_left_as_they_are(encoding: str) -> None:
    before = stream(encoding)
    file = io.BytesIO(before)
    complete(file, encoding, FRAMES)
    after = file.getvalue()
    header = 256
    assert len(after) == len(before)
    assert after[header:] == before[header:]
    assert after != before


@pytest.mark.parametrize(
    ("extension", "data"), [("flac", b"not flac at all, but long enough"), ("mp3", b"\xff\xfb" * 20)]
)
def test_what_is_no_familiar_header_is_left_alone(extension: str, data: bytes) -> None:
    file = io.BytesIO(data)
    complete(file, extension, FRAMES)
    assert file.getvalue() == data
