"""One live stream: finds speech in it, hears it again every half second, and tells what is settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.speech.contract import SAMPLE_RATE, Word
from services.speech.live.activity import FRAME, Activity, Change
from services.speech.live.agreement import Agreement
from services.speech.live.contract import (
    Final,
    Interim,
    LiveRequest,
    Position,
    Reached,
    SpeechBegan,
    SpeechEnded,
    Told,
)
from services.speech.live.hearing import Hearing, Look
from services.speech.live.lateness import Lateness
from services.speech.live.model import Detector, Heard, Hearer
from services.speech.live.samples import HeldSamples
from services.speech.live.steps import STEP, Steps

PRE_ROLL = 20 * FRAME
POST_ROLL = 10 * FRAME
"""Audio around the frames of speech that is listened to, 0.64 and 0.32 s: soft beginnings and ends of words, and the
quiet before a first word, without which Whisper takes it for the end of another."""
TRIM_SECONDS = 3.0
"""Length of the audio looked at from which on what is settled is let go. The decoder takes given tokens one by one too,
8 ms each with base: half of a look went into words that were settled long ago."""
ANCHOR_SECONDS = 1.5
"""Settled audio that stays, so that a hypothesis does not begin in the middle of things."""
DISAGREEMENT_SECONDS = 8.0
"""Unsettled audio after which all but its last two words are settled without agreement."""
LONGEST_SECONDS = 27.0
"""Whisper hears 30 s; what is unsettled for so long is let go."""
HEARTBEAT = 5 * SAMPLE_RATE


@dataclass(frozen=True)
class Due:
    """A step comes next: others may work first. ``at`` is when it fell due, on the monotonic clock."""

    at: float


class Session:
    """One stream, fed with samples and advanced step by step.

    What is heard when is decided by positions in the audio, so that the same audio gives the same text however it was
    cut. Only where the machine is behind, by more than a step and than the last step took, are hypotheses skipped.
    """

    def __init__(
        self,
        model: Hearer,
        detector: Detector,
        request: LiveRequest,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._detector = detector
        self._request = request
        self._activity = Activity(request.endpointing)
        self._agreement = Agreement()
        self._lateness = Lateness(clock, tolerated=STEP / SAMPLE_RATE)
        self._samples = HeldSamples()
        self._start = 0
        self._open = False
        self._floor = 0
        self._steps = Steps()
        self._heard_to = 0
        self._utterance_began = 0.0
        self._last_told = 0
        self._hurrying = False
        self._ended = False
        self.hearing = Hearing(model, request)
        self.utterance = 0
        self.speech_samples = 0
        self.steps = 0
        self.skipped_steps = 0
        self.finished = False

    @property
    def seconds(self) -> float:
        """Length of what was fed."""
        return self._samples.end / SAMPLE_RATE

    @property
    def max_lag(self) -> float:
        """The largest lag of any step, in seconds."""
        return self._lateness.largest

    def feed(self, samples: np.ndarray, received: float) -> None:
        """Takes the next samples (n,) with the time they came in, on the monotonic clock."""
        if len(samples):
            self._samples.add(samples)
            self._lateness.arrived(self._samples.end, received)

    def end(self) -> None:
        """Tells that nothing follows; :meth:`advance` then goes to the end."""
        self._ended = True

    def behind(self) -> bool:
        """Tells whether the next step is late by more than a step, and than the last step took."""
        return self._lateness.behind(self._activity.position)

    def advance(self) -> Iterator[Told | Due]:
        """Works through what was fed; yields what is to be told, and a :class:`Due` before each step.

        More may be fed at every yield.
        """
        self._hurrying = False
        while (end := self._activity.position + FRAME) <= self._samples.end:
            frame = self._samples.between(self._activity.position, end)
            change = self._activity.update(self._detector.probability(frame))
            if change is Change.BEGAN:
                yield self._begin()
            elif change is Change.ENDED:
                yield self._due()
                yield from self._close()
            elif self._open and self._steps.falls(change, self._activity):
                # Who leaves a step out does the next one in the same turn, or those who are on time would go first.
                if not self._hurrying:
                    yield self._due()
                yield from self._step(change is Change.PAUSED)
            if not self._open:
                self._samples.drop(self._activity.position - PRE_ROLL - 2 * SAMPLE_RATE)
            if self._activity.position - self._last_told >= HEARTBEAT:
                self._last_told = self._activity.position
                yield Reached(self._at())
        if self._ended and not self.finished:
            if self._open:
                yield self._due()
                yield from self._close()
            self.finished = True

    def _begin(self) -> Told:
        began = self._activity.began
        self._start = max(self._floor, began - PRE_ROLL)
        self._samples.drop(self._start)
        self._open = True
        self._utterance_began = began / SAMPLE_RATE
        self._steps.begin(self._start)
        self._heard_to = self._start
        return SpeechBegan(began / SAMPLE_RATE, self._at())

    def _step(self, pause: bool) -> Iterator[Told]:
        position = self._activity.position
        self._steps.done(position)
        if self.behind() and self._samples.end >= position + STEP:
            self.skipped_steps += 1
            self._lateness.note(position)
            if not self._hurrying:
                # What follows in the same turn is on time again, and would hide how late this was.
                yield Reached(self._at())
            self._last_told = position
            self._hurrying = True
            return
        self._hurrying = False
        settled = self._agreement.update(self._hear(position), position / SAMPLE_RATE)
        if pause and self._agreement.anchor:
            # Whole words lie behind: only the last one, which may be the first half of a longer one, can still change.
            settled += self._agreement.settle(len(self._agreement.tail) - 1)
        elif self._agreement.tail and position / SAMPLE_RATE - self._agreement.tail[0].start > DISAGREEMENT_SECONDS:
            settled += self._agreement.settle(len(self._agreement.tail) - 2)
        ends = bool(settled) and settled[-1].end - self._utterance_began > self._request.endpointing.max_utterance
        if settled:
            yield self._final(settled, ends)
        self._let_go(position)
        tail = self._agreement.tail
        if tail and self._request.interim_results:
            text = "".join(word.text for word in tail)
            yield Interim(text, self._words(tail), self._agreement.stability(), self.utterance, self._at())
            self._last_told = position

    def _close(self) -> Iterator[Told]:
        position = self._activity.position if not self._ended else self._samples.end
        last = min(self._activity.last_speech, position)
        settled: tuple[Heard, ...] = ()
        if self._heard_to < min(last + Activity.PAUSE_SECONDS * SAMPLE_RATE / 2, position):
            settled = self._agreement.update(self._hear(min(position, last + POST_ROLL)))
        settled += self._agreement.settle(len(self._agreement.tail))
        yield self._final(settled, ends=True)
        yield SpeechEnded(last / SAMPLE_RATE, self._at())
        self.speech_samples += last - round(self._utterance_began * SAMPLE_RATE)
        self._floor = min(position, last + POST_ROLL)
        self._agreement.reset()
        self._open = False

    def _hear(self, position: int) -> tuple[Heard, ...]:
        self.steps += 1
        self._heard_to = position
        anchor = tuple(self._agreement.anchor)
        # Whisper lets a first word begin where the audio does, in the silence before it.
        began = 0.0 if anchor else self._activity.began / SAMPLE_RATE
        look = Look(
            samples=self._samples.between(self._start, position),
            start=self._start / SAMPLE_RATE,
            anchor=anchor,
            floor=max(self._agreement.end, began),
            speech_end=(self._activity.last_speech + POST_ROLL) / SAMPLE_RATE,
        )
        with self._lateness.step(self._activity.position):
            return self.hearing.hear(look)

    def _final(self, words: tuple[Heard, ...], ends: bool) -> Final:
        text = self.hearing.settle(words)
        start = words[0].start if words else self._agreement.end
        end = words[-1].end if words else self._agreement.end
        utterance = self.utterance
        if ends:
            self.utterance += 1
            self._utterance_began_next(end)
        self._last_told = self._activity.position
        return Final(text, self._words(words), start, end, utterance, ends, self._at())

    def _utterance_began_next(self, end: float) -> None:
        if self._activity.speaking and not self._ended:
            self.speech_samples += round((end - self._utterance_began) * SAMPLE_RATE)
            self._utterance_began = end

    def _let_go(self, position: int) -> None:
        """Keeps what is looked at short: what it costs grows with it."""
        if (position - self._start) / SAMPLE_RATE > TRIM_SECONDS:
            kept = self._agreement.trim(ANCHOR_SECONDS)
            if kept is not None:
                self._start = max(self._start, round(kept * SAMPLE_RATE))
        if (position - self._start) / SAMPLE_RATE > LONGEST_SECONDS:
            self._agreement.reset()
            self._start = position - STEP
        self._samples.drop(self._start)

    def _words(self, heard: tuple[Heard, ...]) -> tuple[Word, ...]:
        if not self._request.word_times:
            return ()
        return tuple(Word(word.start, word.end, word.text.strip(), word.probability) for word in heard)

    def _due(self) -> Due:
        return Due(self._lateness.due(self._activity.position))

    def _at(self) -> Position:
        position = self._activity.position
        return Position(position / SAMPLE_RATE, self._lateness.lag(position))
