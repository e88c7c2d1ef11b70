"""What the voice detector hears of a stream."""

from __future__ import annotations

import numpy as np
import pytest

from services.speech.live.activity import FRAME
from services.speech.live.ear import Ear
from services.speech.recording.level import QUIET

RATE = 16000
TONE = (0.3 * np.sin(2 * np.pi * 250 * np.arange(60 * FRAME) / RATE)).astype(np.float32)


class Keeping:
    """Keeps the frames that it is handed."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []

    def probability(self, frame: np.ndarray) -> float:
        """Always 0.5."""
        self.frames.append(frame)
        return 0.5


def heard(samples: np.ndarray) -> np.ndarray:
    kept = Keeping()
    ear = Ear(kept)
    for start in range(0, len(samples), FRAME):
        assert ear.probability(samples[start : start + FRAME]) == 0.5
    return np.stack(kept.frames)


def test_ordinary_speech_is_handed_on_as_it_is() -> None:
    assert float(np.abs(heard(TONE).reshape(-1) - TONE).max()) < 0.01


def test_a_stream_that_is_very_quiet_and_has_an_offset_is_raised_and_centred() -> None:
    frames = heard(TONE * np.float32(1e-3) + np.float32(0.2))
    assert float(np.abs(frames[-20:]).max()) == pytest.approx(QUIET, rel=0.1)
    assert float(np.abs(frames[-20:].mean(axis=1)).max()) < QUIET / 20


def test_a_pause_of_half_a_minute_after_loud_speech_raises_nothing() -> None:
    pause = np.tile(TONE * np.float32(1e-3), 15)  # 29 s
    frames = heard(np.concatenate([TONE, pause]))
    assert float(np.abs(frames[-5:]).max()) == pytest.approx(3e-4, rel=0.5)


def test_what_begins_loudly_is_never_raised_beyond_what_is_loud() -> None:
    frames = heard(np.concatenate([TONE * np.float32(1e-3), TONE]))
    assert float(np.abs(frames).max()) < 0.32
