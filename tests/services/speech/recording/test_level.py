"""The level at which speech is heard."""

from __future__ import annotations

import numpy as np
import pytest

from services.speech.recording.level import MOST_GAIN, QUIET, SILENCE, audible, centred, gain, level

RATE = 16000
VOICE = (0.3 * np.sin(2 * np.pi * 150 * np.arange(2 * RATE) / RATE)).astype(np.float32)


def test_sound_of_ordinary_level_without_an_offset_is_the_same_to_the_bit() -> None:
    assert audible(VOICE) is VOICE


@pytest.mark.parametrize("offset", [0.3, -0.05])
def test_an_offset_is_taken_off(offset: float) -> None:
    assert float(np.abs(centred(VOICE + np.float32(offset)) - VOICE).max()) < 0.01


def test_an_offset_that_drifts_is_taken_off() -> None:
    drift = np.linspace(-0.4, 0.4, len(VOICE), dtype=np.float32)
    # Half the stretch that is averaged, an eighth of a second, has a drift of 0.05.
    assert float(np.abs(centred(VOICE + drift) - VOICE).max()) < 0.06


def test_what_is_very_quiet_is_raised_to_where_speech_is_heard() -> None:
    assert level(audible(VOICE * np.float32(2e-3))) == pytest.approx(QUIET, rel=0.01)


def test_a_click_does_not_make_quiet_speech_loud() -> None:
    clicked = VOICE * np.float32(1e-3)
    clicked[RATE : RATE + 40] = 0.9
    assert level(clicked) == pytest.approx(3e-4, rel=0.05)


def test_silence_is_not_raised_beyond_what_there_is_to_hear() -> None:
    assert gain(0.0) == 1.0
    assert gain(SILENCE / 100) == MOST_GAIN
    assert not audible(np.full(RATE, 0.3, np.float32)).any(), "an offset alone is silence"


@pytest.mark.parametrize("count", [0, 1, 100, 3999, 4001])
def test_any_length_is_taken(count: int) -> None:
    assert len(audible(VOICE[:count] + np.float32(0.5))) == count
