"""When a session hears its audio again: every half second of speech, at each pause, and soon after one."""

from __future__ import annotations

from services.speech.live.activity import FRAME, Activity, Change

STEP = 16 * FRAME
"""Samples between two hypotheses, 0.512 s, where the machine keeps up."""
FIRST_STEP = 34 * FRAME
"""Samples before the first one, 1.09 s: the quiet before the speech, and 0.45 s of it."""


class Steps:
    """The steps of one utterance after the other; positions are samples from the stream's start."""

    def __init__(self) -> None:
        self._next = 0

    def begin(self, start: int) -> None:
        """Begins an utterance, whose audio is listened to from ``start`` on."""
        self._next = start + FIRST_STEP

    def falls(self, change: Change, activity: Activity) -> bool:
        """Tells whether a step falls due with the frame that was just taken and made this ``change``."""
        if change is Change.PAUSED:
            return True
        # In silence there is nothing new to hear; when it ends, half a step gives the next word time.
        if activity.silent:
            self._next = max(self._next, activity.position + STEP // 2)
            return False
        return activity.position >= self._next

    def done(self, position: int) -> None:
        """Notes that a step was taken, or left out, at ``position``."""
        self._next = position + STEP
