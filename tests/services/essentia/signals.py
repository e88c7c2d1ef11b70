"""Signals whose features are known, made on the spot: float32 (channels, samples) at 44.1 kHz."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44100
Samples = NDArray[np.float32]

C_MAJOR = ((60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67))
A_MINOR = ((57, 60, 64), (62, 65, 69), (64, 68, 71), (57, 60, 64))


def seconds(length: float) -> NDArray[np.float64]:
    """Times of the samples of ``length`` seconds."""
    return np.arange(round(length * SAMPLE_RATE)) / SAMPLE_RATE


def stack(*channels: NDArray[np.float64]) -> Samples:
    """Channels side by side."""
    return np.stack(channels).astype(np.float32)


def sine(hz: float, peak_dbfs: float, length: float) -> NDArray[np.float64]:
    """A sine of a given peak level."""
    return np.asarray(10 ** (peak_dbfs / 20) * np.sin(2 * np.pi * hz * seconds(length)))


def noise(length: float, level: float = 0.1, seed: int = 0) -> NDArray[np.float64]:
    """White Gaussian noise of a given standard deviation."""
    return np.random.default_rng(seed).normal(0, level, round(length * SAMPLE_RATE))


def metronome(bpm: float, length: float) -> NDArray[np.float64]:
    """A 1 kHz blip at every beat, the first at 0."""
    times = seconds(length)
    since = times % (60 / bpm)
    return np.asarray(np.sin(2 * np.pi * 1000 * since) * np.exp(-since * 150) * 0.8)


def note(midi: int, length: float) -> NDArray[np.float64]:
    """A plucked note of six partials."""
    times, hz = seconds(length), 440 * 2 ** ((midi - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hz * number * times) / number for number in range(1, 7))
    return np.asarray(partials * np.exp(-times * 1.5) * np.minimum(times * 200, 1))


def cadence(chords: tuple[tuple[int, ...], ...], chord_seconds: float = 1.0, repeats: int = 3) -> NDArray[np.float64]:
    """Chords one after the other, the bass an octave below, over and over."""
    bars = [
        0.1 * (sum(note(midi, chord_seconds) for midi in chord) + note(chord[0] - 12, chord_seconds))
        for chord in chords
    ]
    return np.concatenate(bars * repeats)


def music(length: float = 20.0) -> Samples:
    """Stereo with chords, a beat at 120 a minute and some air: enough for every group."""
    chords = cadence(C_MAJOR, 1.0, round(length / 4))
    beat, air = metronome(120, len(chords) / SAMPLE_RATE), noise(len(chords) / SAMPLE_RATE, 0.002)
    return stack(chords + 0.4 * beat + air, 0.8 * chords + 0.5 * beat - air)


def write(path: Path, samples: Samples, rate: int = SAMPLE_RATE) -> Path:
    """Writes (channels, samples), full scale 1, as a WAV file of 16 bits; gives its path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(samples.T * 32767).astype("<i2").tobytes())
    return path
