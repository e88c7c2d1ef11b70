"""Live sessions in one process on a clock that counts CPU seconds: what a core does, whoever else uses the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.speech.contract import SAMPLE_RATE
from services.speech.live.contract import Final, LiveRequest
from services.speech.live.ear import Ear
from services.speech.live.model import Hearer
from services.speech.live.session import Due, Session
from services.speech.recording.voice import VoiceDetector, bundled

CHUNK = SAMPLE_RATE // 10


class CpuClock:
    """Jumps ahead while there is nothing to do, and counts CPU seconds while there is."""

    def __init__(self) -> None:
        self._at, self._mark = 0.0, time.process_time()

    def __call__(self) -> float:
        return self._at + time.process_time() - self._mark

    def wait_until(self, moment: float) -> None:
        """Jumps to ``moment``, if that is ahead."""
        self._at, self._mark = max(self(), moment), time.process_time()


@dataclass
class Speaker:
    """One stream that is spoken from ``offset`` seconds on, in chunks of 0.1 s."""

    audio: np.ndarray
    session: Session
    clock: CpuClock
    offset: float
    sent: int = 0
    due: float | None = None
    steps: Iterator[Any] | None = None
    told: list[tuple[float, Any]] = field(default_factory=list)

    def next_arrival(self) -> float | None:
        """When the next chunk is there."""
        if self.sent >= len(self.audio):
            return None
        return self.offset + min(self.sent + CHUNK, len(self.audio)) / SAMPLE_RATE

    def take(self) -> None:
        """Feeds what has been spoken by now."""
        while (arrival := self.next_arrival()) is not None and arrival <= self.clock():
            self.session.feed(self.audio[self.sent : self.sent + CHUNK], arrival)
            self.sent += CHUNK
        if self.sent >= len(self.audio):
            self.session.end()

    def resume(self) -> None:
        """Works up to the next step or the end of what was fed."""
        if self.steps is None:
            self.steps = self.session.advance()
        for event in self.steps:
            if isinstance(event, Due):
                self.due = event.at
                return
            self.told.append((self.clock(), event))
        self.steps, self.due = None, None


def simulate(model: Hearer, recordings: list[np.ndarray], request: LiveRequest) -> list[Speaker]:
    """Has one core listen to all recordings at once, each beginning a third of a second after the one before."""
    clock, voice = CpuClock(), VoiceDetector(bundled())
    speakers = [
        Speaker(audio, Session(model, Ear(voice.follow()), request, clock), clock, index / 3)
        for index, audio in enumerate(recordings)
    ]
    while any(not each.session.finished for each in speakers):
        for each in speakers:
            each.take()
            if each.due is None and not each.session.finished:
                each.resume()
        waiting = [each for each in speakers if each.due is not None]
        if waiting:
            min(waiting, key=lambda each: each.due or 0.0).resume()
            continue
        arrivals = [arrival for each in speakers if (arrival := each.next_arrival()) is not None]
        if arrivals:
            clock.wait_until(min(arrivals))
    return speakers


def delays(speaker: Speaker) -> list[float]:
    """Seconds from the end of each settled word, as the model times it, to its telling."""
    return [
        told - speaker.offset - word.end
        for told, event in speaker.told
        if isinstance(event, Final)
        for word in event.words
    ]


def text(speaker: Speaker) -> str:
    """The transcript."""
    return "".join(event.text for _, event in speaker.told if isinstance(event, Final))
