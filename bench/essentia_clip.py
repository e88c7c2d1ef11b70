"""The clip that contestants hear: a recording over and over, or music made up."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 44100


def write(path: Path, seconds: float, audio: Path | None) -> Path:
    """Writes a stereo WAV file of a length: a recording over and over, or chords with a beat."""
    samples = _recording(audio) if audio else _music()
    count = round(seconds * RATE)
    samples = np.tile(samples, (1, -(-count // samples.shape[1])))[:, :count]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(np.clip(samples, -1, 1).T * 32767).astype("<i2").tobytes())
    return path


def _recording(path: Path) -> np.ndarray:
    from chassis.audio import Source

    return Source(path).read(RATE, 2).samples


def _music() -> np.ndarray:
    """Sixteen seconds of four chords, a beat at 120 a minute and some air, in stereo."""
    times = np.arange(4 * RATE) / RATE
    chords = []
    for root in (261.63, 220.0, 174.61, 196.0):
        tones = sum(
            np.sin(2 * np.pi * root * step * number * times) / number
            for step in (1, 1.26, 1.498)
            for number in range(1, 7)
        )
        chords.append(0.05 * tones * np.exp(-(times % 1.0)))
    song = np.concatenate(chords)
    rng = np.random.default_rng(0)
    since = np.arange(song.size) / RATE % 0.5
    beat = 0.4 * rng.standard_normal(song.size) * np.exp(-since * 60)
    air = 0.01 * rng.standard_normal((2, song.size))
    return np.stack((song + beat, 0.8 * song + 0.9 * beat)) + air
