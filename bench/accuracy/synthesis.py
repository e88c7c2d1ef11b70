"""Makes a song sound without any file: decaying partials for notes, noise and a falling sine for drums."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.songs import SONG_SECONDS, Note, Song

SAMPLE_RATE = 44100
# (decay per second, attack in seconds, fall of the partials, level)
VOICES = {
    "strings": (0.2, 0.08, 1.5, 0.05),
    "bass": (1.5, 0.01, 1.2, 0.25),
    "piano": (3.0, 0.005, 1.0, 0.10),
    "flute": (0.5, 0.03, 2.5, 0.12),
}


def render(song: Song) -> NDArray[np.float32]:
    """Mono samples at 44.1 kHz, peak 0.8."""
    return play(song.notes, SONG_SECONDS)


def play(notes: Sequence[Note], seconds: float) -> NDArray[np.float32]:
    """Mono samples at 44.1 kHz of notes that end after ``seconds``, and a second more; peak 0.8."""
    out = np.zeros(round((seconds + 1) * SAMPLE_RATE))
    for note in notes:
        sound = _drum(note.part) if note.midi == 0 else _tone(note.part, note.midi, round(note.seconds, 4))
        start = round(note.start * SAMPLE_RATE)
        end = min(start + sound.size, out.size)
        out[start:end] += sound[: end - start] * (note.velocity / 100)
    # A noise floor 60 dB down, as every recording has one.
    out += np.random.default_rng(0).normal(0, 1e-3, out.size) * np.abs(out).max()
    return (0.8 * out / np.abs(out).max()).astype(np.float32)


@lru_cache(maxsize=4096)
def _tone(part: str, midi: int, seconds: float) -> NDArray[np.float64]:
    decay, attack, fall, level = VOICES[part]
    times = np.arange(round((seconds + 0.05) * SAMPLE_RATE)) / SAMPLE_RATE
    hz = 440 * 2 ** ((midi - 69) / 12)
    partials = [np.sin(2 * np.pi * hz * n * times) / n**fall for n in range(1, 9) if hz * n < 16000]
    envelope = np.exp(-decay * times) * np.minimum(times / attack, 1) * np.clip((times[-1] - times) / 0.05, 0, 1)
    return np.asarray(level * np.sum(partials, 0) * envelope)


@lru_cache
def _drum(name: str) -> NDArray[np.float64]:
    times = np.arange(round(0.25 * SAMPLE_RATE)) / SAMPLE_RATE
    hiss = np.random.default_rng(7).normal(0, 1, times.size)
    if name == "kick":
        # A sine that falls from 120 to 45 Hz.
        phase = 2 * np.pi * (45 * times + 75 / 30 * (1 - np.exp(-30 * times)))
        return np.asarray(0.6 * np.sin(phase) * np.exp(-18 * times))
    if name == "snare":
        return np.asarray((0.18 * hiss + 0.2 * np.sin(2 * np.pi * 190 * times)) * np.exp(-25 * times))
    return np.asarray(0.12 * np.diff(hiss, prepend=0) * np.exp(-60 * times))
