"""Clocks the writing of a model: how long until its first text, how long in all, and how fast text comes."""

from __future__ import annotations

import time
from collections.abc import Callable


class WritingClock:
    """Clocks the questions of one description, from the moment it is made.

    Args:
        now: Gives the time in seconds.

    Attributes:
        first_text_seconds: Until the first text of all, the hearing of the recording included; None before it.
        total_seconds: Until the end of the last answer.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()
        self._text_began: float | None = None
        self._writing_seconds = 0.0
        self._intervals = 0
        self.first_text_seconds: float | None = None
        self.total_seconds = 0.0

    def text(self) -> None:
        """Notes that text has come in answer to the present question."""
        if self._text_began is None:
            self._text_began = self._now()
        if self.first_text_seconds is None:
            self.first_text_seconds = self._text_began - self._began

    def answered(self, tokens: int) -> None:
        """Notes that the present question is answered, in so many tokens."""
        now = self._now()
        self.total_seconds = now - self._began
        if self._text_began is not None:
            # Writing is clocked from the first token on, which is there when its clock starts: between n tokens there
            # are n - 1 intervals. The reading of the prompt, before the first one, is no writing.
            self._writing_seconds += now - self._text_began
            self._intervals += tokens - 1
        self._text_began = None

    @property
    def tokens_per_second(self) -> float | None:
        """Speed of writing over all answers; None where none has two tokens."""
        if self._intervals < 1 or self._writing_seconds <= 0:
            return None
        return self._intervals / self._writing_seconds
