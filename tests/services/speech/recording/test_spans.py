"""Speech without its pauses, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from services.speech.recording.spans import Spans, overlap

RATE = 16000
# Speech from 1 to 3 s and from 10 to 11 s: put together, 0 to 2 and 2 to 3.
SPANS = ((1 * RATE, 3 * RATE), (10 * RATE, 11 * RATE))


def test_the_pauses_are_left_out() -> None:
    samples = np.arange(12 * RATE, dtype=np.float32)
    joined = Spans(SPANS).joined(samples)
    assert np.array_equal(joined, np.concatenate([samples[RATE : 3 * RATE], samples[10 * RATE : 11 * RATE]]))
    assert Spans(SPANS).seconds == 3.0
    assert Spans(SPANS).end_seconds == 11.0


@pytest.mark.parametrize(
    ("joined", "placed"),
    [
        ((0.0, 0.5), (1.0, 1.5)),
        ((2.5, 3.0), (10.5, 11.0)),
        ((1.5, 2.1), (2.5, 3.0)),  # its middle lies before the pause, so it ends there
        ((1.9, 2.5), (10.0, 10.5)),
        ((2.9, 3.5), (10.9, 11.0)),  # nothing lies beyond the end
    ],
)
def test_a_word_never_spans_a_pause(joined: tuple[float, float], placed: tuple[float, float]) -> None:
    assert Spans(SPANS).place(*joined) == pytest.approx(placed)


@pytest.mark.parametrize(
    ("joined", "placed"), [((0.5, 2.5), (1.5, 10.5)), ((0.0, 2.0), (1.0, 3.0)), ((2.0, 3.0), (10.0, 11.0))]
)
def test_a_line_may_span_a_pause(joined: tuple[float, float], placed: tuple[float, float]) -> None:
    assert Spans(SPANS).place_line(*joined) == pytest.approx(placed)


@pytest.mark.parametrize(
    ("start", "end", "meets"), [(0.0, 1.0, False), (0.0, 1.1, True), (3.0, 10.0, False), (4.0, 12.0, True)]
)
def test_a_stretch_meets_speech_or_does_not(start: float, end: float, meets: bool) -> None:
    assert overlap(SPANS, start, end) is meets
