"""Beginnings, pauses and ends of speech, made of a detector's probabilities."""

from __future__ import annotations

import enum

from services.speech.contract import SAMPLE_RATE
from services.speech.live.contract import Endpointing

FRAME = 512
"""Samples of a frame at 16 kHz, 32 ms: the only length that Silero takes."""
SPEECH = 0.5
QUIET = 0.35
"""Silero's own bounds: above the one it is speech, below the other it is not, between them it is what it was."""


class Change(enum.Enum):
    """What a frame changed."""

    NONE = "none"
    BEGAN = "began"
    PAUSED = "paused"
    ENDED = "ended"


class Activity:
    """Beginnings, pauses and ends of speech in a stream of probabilities, by :class:`Endpointing`.

    Positions are samples from the stream's start.
    """

    PAUSE_SECONDS = 0.25
    """Silence in which what was said can be looked at as a whole, before it is long enough to end the utterance."""

    def __init__(self, endpointing: Endpointing) -> None:
        self._end_frames = max(1, round(endpointing.end_silence * SAMPLE_RATE / FRAME))
        self._pause_frames = min(self._end_frames, round(self.PAUSE_SECONDS * SAMPLE_RATE / FRAME))
        self._needed = max(1, round(endpointing.min_speech * SAMPLE_RATE / FRAME))
        self._spoken = 0
        self._silent = 0
        self.position = 0
        self.speaking = False
        self.began = 0
        """First sample of the speech under way."""
        self.last_speech = 0
        """The sample after the last frame of speech."""

    @property
    def silent(self) -> bool:
        """Whether speech is under way, but not right now."""
        return self.speaking and self._silent > 0

    def update(self, probability: float) -> Change:
        """Takes the next frame."""
        self.position += FRAME
        if probability >= SPEECH:
            self._silent = 0
            self.last_speech = self.position
            self._spoken += 1
            if not self.speaking and self._spoken >= self._needed:
                self.speaking = True
                self.began = self.position - self._spoken * FRAME
                return Change.BEGAN
        elif probability < QUIET:
            self._spoken = 0
            if self.speaking:
                return self._quiet()
        elif not self.speaking and self._spoken:
            self._spoken += 1
        return Change.NONE

    def _quiet(self) -> Change:
        self._silent += 1
        if self._silent >= self._end_frames:
            self.speaking = False
            self._silent = 0
            return Change.ENDED
        return Change.PAUSED if self._silent == self._pause_frames else Change.NONE
