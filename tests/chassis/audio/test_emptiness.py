"""Silence, hiss, tones, noise and clicks hold nothing that a network could tell of; music does, however short."""

from __future__ import annotations

import numpy as np
import pytest

from chassis.audio.emptiness import SAMPLE_RATE, Emptiness

TIMES = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
WHITE = np.random.default_rng(0).normal(0, 0.1, TIMES.size)
HERTZ = np.fft.rfftfreq(TIMES.size, 1 / SAMPLE_RATE)


def sine(hertz: float, level: float = 0.3) -> np.ndarray:
    """Six seconds of a tone."""
    return np.asarray(level * np.sin(2 * np.pi * hertz * TIMES))


def coloured(power: float) -> np.ndarray:
    """Noise whose power falls with that power of the frequency above 20 Hz."""
    spectrum = np.fft.rfft(WHITE) * (20 / np.maximum(HERTZ, 20)) ** (power / 2)
    return np.asarray(20 * np.fft.irfft(spectrum, TIMES.size))


def struck(seconds: float, decay: float, hertz: float = 1000) -> np.ndarray:
    """A sound that dies away, struck every so many seconds."""
    since = TIMES % seconds
    return np.asarray(0.8 * np.sin(2 * np.pi * hertz * since) * np.exp(-since * decay))


def melody(note_seconds: float) -> np.ndarray:
    """Plucked notes one after the other."""
    notes = np.array([220, 262, 330, 294, 196, 247])[(TIMES / note_seconds).astype(int) % 6]
    since = TIMES % note_seconds
    partials = sum(np.sin(2 * np.pi * notes * number * since) / number for number in range(1, 6))
    return np.asarray(0.2 * partials * np.exp(-3 * since))


def verdict(samples: np.ndarray, size: int = 30011) -> str | None:
    """The reason that is given for samples fed in blocks of a size."""
    emptiness = Emptiness()
    for start in range(0, len(samples), size):
        emptiness.feed(samples[start : start + size].astype(np.float32))
    found = emptiness.verdict()
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(0), "AUDIO_SILENT"),
        (np.zeros(TIMES.size), "AUDIO_SILENT"),
        (np.full(TIMES.size, 0.3), "AUDIO_INFRASONIC"),
        (sine(1), "AUDIO_INFRASONIC"),
        (1e-3 * WHITE, "AUDIO_FAINT"),
        (WHITE, "AUDIO_STEADY"),
        (coloured(1), "AUDIO_STEADY"),
        (sine(440), "AUDIO_STEADY"),
        (sine(440) * TIMES / 6, "AUDIO_STEADY"),
        (sine(440) * (TIMES < 3), "AUDIO_STEADY"),
        (sine(262) + sine(330) + sine(392), "AUDIO_STEADY"),
        (sum(sine(50 * number, 0.1 / number) for number in range(1, 20)), "AUDIO_STEADY"),
        (struck(0.5, 150), "AUDIO_CLICKS"),
        (struck(1.0, 150, 1500) + np.roll(struck(1.0, 150), SAMPLE_RATE // 2), "AUDIO_CLICKS"),
        ((np.arange(TIMES.size) == 999).astype(float), "AUDIO_CLICKS"),
    ],
    ids=[
        *("nothing", "silence", "an offset", "1 Hz", "hiss of -80 dB", "white noise", "pink noise", "a sine"),
        *("a tone that fades in", "a tone, then nothing", "a chord that stands", "hum"),
        *("a metronome", "one with an accent", "one click"),
    ],
)
def test_nothing_to_tell_of_has_its_reason_however_it_is_cut(samples: np.ndarray, reason: str) -> None:
    for size in (SAMPLE_RATE // 10, 30011):
        assert verdict(samples, size) == reason


@pytest.mark.parametrize(
    "samples",
    [melody(0.25), melody(1.0), melody(0.25)[: 3 * SAMPLE_RATE], melody(0.5) * 0.005, melody(0.5) + 0.1 * WHITE],
    ids=["a melody", "a slow one", "three seconds of it", "a quiet one", "one in noise"],
)
def test_music_is_something(samples: np.ndarray) -> None:
    assert verdict(samples) is None


def test_music_in_long_silence_is_something() -> None:
    # As much silence as would hide it in any mean.
    assert verdict(np.concatenate((np.zeros(60 * SAMPLE_RATE), melody(0.25)[: 3 * SAMPLE_RATE]))) is None


def test_a_short_tone_is_not_judged() -> None:
    # A single note of an instrument is as steady in a second as a test tone.
    assert verdict(sine(440)[:SAMPLE_RATE]) is None
