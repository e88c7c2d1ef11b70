"""Who speaks when: the course of a recording through its speakers, by what stretches around each moment are like.

Each moment of 0.1 s is as much like a speaker as the stretches that cover it, those counting most that it is in the
middle of. The likeliest course is found by Viterbi's algorithm: to change the speaker costs as much as CHANGE moments
of being 0.1 less alike, and next to nothing across a pause.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.speech.speakers.stretches import Span, Stretches

STEP_SECONDS = 0.1
CHANGE, CHANGE_AT_PAUSE = 0.5, 0.05
"""What a change of the speaker costs, as a sum of differences of cosine similarity over moments."""

Floats = NDArray[np.float32]


class Course:
    """The likeliest speaker of each moment of a recording.

    Args:
        stretches: Of the recording, at least one.
        voices: Direction of each speaker's voice, (speakers, width).
        spoken: Spans of speech (s), in order.
    """

    def __init__(self, stretches: Stretches, voices: Floats, spoken: Sequence[Span]) -> None:
        self._spoken = spoken
        steps = int(np.ceil(max(stretches.spans[:, 1].max(), max(end for _, end in spoken)) / STEP_SECONDS)) + 1
        alike = stretches.embeddings @ voices.T
        total, weight = np.zeros((steps, len(voices))), np.zeros(steps)
        for (start, end), like in zip(stretches.spans, alike, strict=True):
            first, last = int(start / STEP_SECONDS), max(int(end / STEP_SECONDS), int(start / STEP_SECONDS) + 1)
            middle = 1 - np.abs(np.linspace(-1, 1, last - first + 2)[1:-1])
            total[first:last] += middle[:, None] * like
            weight[first:last] += middle
        known = weight > 0
        # A moment without a stretch of its own is like the nearest that has one.
        nearest = np.searchsorted(np.flatnonzero(known), np.arange(steps))
        places = np.flatnonzero(known)
        before, after = places[np.maximum(nearest - 1, 0)], places[np.minimum(nearest, len(places) - 1)]
        times = np.arange(steps)
        chosen = np.where(np.abs(times - before) <= np.abs(after - times), before, after)
        chosen[known] = times[known]
        self._alike = total[chosen] / weight[chosen, None]
        self._speakers = self._likeliest(~self._sounding(steps))

    def speaker(self, start: float, end: float) -> int:
        """Tells who speaks for the most part of a span (s), from 0."""
        first = min(int(start / STEP_SECONDS), len(self._speakers) - 1)
        last = min(max(int(np.ceil(end / STEP_SECONDS)), first + 1), len(self._speakers))
        return int(np.bincount(self._speakers[first:last]).argmax())

    def _sounding(self, steps: int) -> NDArray[np.bool_]:
        sounding = np.zeros(steps, bool)
        for start, end in self._spoken:
            sounding[int(start / STEP_SECONDS) : int(np.ceil(end / STEP_SECONDS))] = True
        return sounding

    def _likeliest(self, quiet: NDArray[np.bool_]) -> NDArray[np.int64]:
        steps, count = self._alike.shape
        score, came = self._alike[0].copy(), np.zeros((steps, count), np.int64)
        for step in range(1, steps):
            change = CHANGE_AT_PAUSE if quiet[step] else CHANGE
            best = int(score.argmax())
            moved = score[best] - change > score
            came[step] = np.where(moved, best, np.arange(count))
            score = np.where(moved, score[best] - change, score) + np.where(quiet[step], 0, self._alike[step])
        path = np.empty(steps, np.int64)
        path[-1] = score.argmax()
        for step in range(steps - 1, 0, -1):
            path[step - 1] = came[step, path[step]]
        return path
