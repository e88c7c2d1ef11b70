"""Recorded and synthesised speech with its text, and how far a transcript is from it."""

from __future__ import annotations

import shutil
import subprocess
import unittest
import wave
from pathlib import Path

import numpy as np

from bench.speech_material.word_errors import word_errors

__all__ = ["word_errors"]

SAMPLE_RATE = 16000
FOLDER = Path("/usr/share/pocketsphinx/test/data/librivox")
"""Five clips of one reader from LibriVox, 24.7 s; Debian's package pocketsphinx-testdata."""

Samples = np.ndarray

# The package's transcript has "a more a amiable", which is not what is said.
LINES = {
    "0870": "and mister john dashwood had then leisure to consider how much there might be prudently in his power to "
    "do for them",
    "0880": "he was not an ill disposed young man",
    "0890": "unless to be rather cold hearted and rather selfish is to be ill disposed",
    "0920": "had he married a more amiable woman he might have been made still more respectable than he was",
    "0930": "he might even have been made amiable himself",
}
TEXT = " ".join(LINES.values())


def read_wav(path: Path) -> Samples:
    """A mono 16-bit WAV file as float32 (samples,)."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def write_wav(path: Path, samples: Samples) -> Path:
    """Writes float32 (samples,) as a mono 16-bit WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


class MaterialMissingError(unittest.SkipTest):
    """Recordings or a synthesiser are not installed, so a test is skipped; the message says how to get them."""


def line(number: str) -> Samples:
    """Reads one of the clips, at most 8 s at SAMPLE_RATE.

    Raises:
        MaterialMissingError: the clips are not installed.
    """
    if not FOLDER.is_dir():
        raise MaterialMissingError("recorded speech is not there: apt-get install pocketsphinx-testdata")
    return read_wav(FOLDER / f"sense_and_sensibility_01_austen_64kb-{number}.wav")


def passage() -> Samples:
    """All five clips in order, each followed by half a second of quiet."""
    quiet = np.zeros(SAMPLE_RATE // 2, np.float32)
    return np.concatenate([part for number in LINES for part in (line(number), quiet)])


def synthesised(text: str, voice: str, folder: Path, rate: int = 140) -> Samples:
    """Has ``text`` spoken by espeak-ng, ``rate`` words a minute.

    Raises:
        MaterialMissingError: espeak-ng is not installed.
    """
    if shutil.which("espeak-ng") is None:
        raise MaterialMissingError("no speech synthesiser: apt-get install espeak-ng")
    path = folder / "spoken.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(rate), "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        stored = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    at = np.arange(int(len(samples) * SAMPLE_RATE / stored)) * stored / SAMPLE_RATE
    resampled: Samples = np.interp(at, np.arange(len(samples)), samples)
    return resampled.astype(np.float32)


def noise(seconds: float, level: float = 0.1) -> Samples:
    """White noise."""
    samples: Samples = level * np.random.default_rng(1).standard_normal(round(seconds * SAMPLE_RATE))
    return samples.astype(np.float32)


def chord(seconds: float) -> Samples:
    """Four steady tones, a C major seventh-less chord."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    samples: Samples = 0.1 * np.sin(2 * np.pi * np.outer([261.6, 329.6, 392.0, 523.3], t)).sum(axis=0)
    return samples.astype(np.float32)


def hum(seconds: float) -> Samples:
    """A 50 Hz hum, on which whisper-base says "I'm sorry" without end."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * 50 * t)).astype(np.float32)


def music(seconds: float) -> Samples:
    """Music without voice at 120 beats a minute: plucked notes, a bass, a drum and a hi-hat."""
    rng = np.random.default_rng(3)
    total = np.zeros(round(seconds * SAMPLE_RATE) + SAMPLE_RATE, np.float32)
    t = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    scale = 220 * 2 ** (np.array([0, 3, 5, 7, 10, 12]) / 12)
    for beat in range(int(seconds * 2)):
        start = beat * SAMPLE_RATE // 2
        pluck = sum(np.sin(2 * np.pi * rng.choice(scale) * n * t) / n for n in (1, 2, 3)) * np.exp(-6 * t)
        bass = np.sin(2 * np.pi * 55 * t) * np.exp(-3 * t)
        drum = np.sin(2 * np.pi * 60 * np.exp(-20 * t) * t * 3) * np.exp(-20 * t)
        hat = rng.standard_normal(len(t)) * np.exp(-60 * t)
        total[start : start + len(t)] += (0.15 * pluck + 0.2 * bass + 0.3 * drum + 0.05 * hat).astype(np.float32)
    return total[: round(seconds * SAMPLE_RATE)]
