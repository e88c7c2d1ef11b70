"""Speech followed by a model that may leave some of it out, or go round in circles: such a part is heard once more.

Whisper takes 30 s at a time. It leaves all of them out where it doubts that there is speech, whatever the voice
detector says; it loses words where its room for text is full; and it repeats itself. The same part cut otherwise is as
a rule heard well, without sampling, so that the same audio gives the same text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np

from services.speech.contract import SAMPLE_RATE, Segment
from services.speech.recording.placing import Voiced
from services.speech.recording.remarks import Remark
from services.speech.recording.screening import REPETITIVE, failed
from services.speech.recording.windows import MIN_SAMPLES, windows

HOLE_SECONDS = 1.5
"""Speech without text from which on it is heard again: what is shorter may be a word that was placed badly."""
LEAST_SECONDS = 0.1
"""Speech that is worth hearing by itself."""
SHORTER = 0.8
"""Share of a part that may be left without text for the rest to be heard once more."""
PIECE_SECONDS = 10.0
"""Longest part that is heard at once the second time."""
SAME = 0.9
"""Share of letters from which on two hearings agree."""
LETTERS_A_SECOND = 35.0
"""More than anybody speaks; 20 are fast."""
STEP_SECONDS = 0.02
"""Whisper's clock."""
SQUEEZED = 0.1
WORD_SECONDS, LETTER_SECONDS = 0.4, 0.1
"""How long a word may be taken to last at most. Whisper has no gap between words: where it leaves speech out, the word
before lasts until it goes on."""

OPENING = " \"'“‘¿¡([{«-"

LEFT_OUT = "the voice detector hears speech there, of which the model made no text, in two attempts"
CIRCLES = "the model repeated itself faster than anybody speaks, in two attempts, and that text was left out"
REPEATS = "the text repeats itself, and heard again in shorter pieces it was another"

Hear = Callable[[np.ndarray, float, float], Iterator[Segment]]
"""Hears samples (n,), which lie between two times in the audio: what is said, times from their first sample."""


def again(
    heard: Iterator[Segment], samples: np.ndarray, voiced: Voiced, hear: Hear, trusted: bool = True
) -> Iterator[Segment | Remark]:
    """Yields ``heard``, what a model said of ``samples`` (n,), completed by ``hear``; and what is still missing.

    ``trusted`` tells whether there is nothing to hear where the detector hears no voice; singing it may miss.
    """
    return _Follower(samples, voiced, hear, trusted).follow(heard)


class _Follower:
    def __init__(self, samples: np.ndarray, voiced: Voiced, hear: Hear, trusted: bool) -> None:
        self._trusted = trusted
        self._samples = samples
        self._voiced = voiced
        self._hear = hear

    def follow(self, heard: Iterator[Segment]) -> Iterator[Segment | Remark]:
        covered = 0.0
        for group in decodings(heard):
            settled = yield from self._settled(group)
            for segment in settled:
                yield from self._hole(covered, segment.start)
                yield from self._filled(segment)
                covered = max(covered, segment.end)
            if not settled:  # of which all has been said by now
                covered = max(covered, group[-1].end)
        yield from self._hole(covered, len(self._samples) / SAMPLE_RATE)

    def _filled(self, segment: Segment) -> Iterator[Segment | Remark]:
        """Yields a segment; where words are missing within it, in parts with what was missing between them."""
        for index, word in enumerate(segment.words[:-1]):
            # Only what comes before the last word: what follows that is measured from the segment's end.
            start = min(word.end, word.start + WORD_SECONDS + LETTER_SECONDS * len(word.text))
            end = segment.words[index + 1].start
            if self._voiced.seconds(start, end) < HOLE_SECONDS:
                continue
            found = list(self._hole(start, end))
            if not any(isinstance(each, Segment) for each in found):
                yield from found
                continue
            first, rest = split(segment, index + 1)
            words = (*first.words[:-1], replace(word, end=start))
            yield replace(first, words=words, end=start)
            yield from found
            yield from self._filled(rest)
            return
        yield segment

    def _hole(self, start: float, end: float, before: float = math.inf) -> Iterator[Segment | Remark]:
        """Yields what is heard in a part without text, which is heard again as long as that makes it shorter."""
        if self._voiced.seconds(start, end) < HOLE_SECONDS:
            return
        if end - start > SHORTER * before:
            yield Remark("SPEECH_LEFT_OUT", LEFT_OUT, start, end)
            return
        covered = start
        for segment in self._pieces(start, end):
            if not failed(segment):
                yield from self._hole(covered, segment.start, end - start)
                yield segment
                covered = max(covered, segment.end)
        yield from self._hole(covered, end, end - start)

    def _settled(self, group: list[Segment]) -> Generator[Remark, None, list[Segment]]:
        """Gives what is to be told of a decoding: that itself unless it repeats itself and cannot be believed."""
        if not _repetitive(group[0]):
            return group
        start, end = group[0].start, group[-1].end
        second = list(self._pieces(start, end))
        same = alike(group, second)
        sayable = self._can_be_said(group, start, end)
        if same and sayable and not squeezed(group) and not self._holes(group):
            return group
        best = [each for each in second if not failed(each) or self._can_be_said([each], each.start, each.end)]
        if not best and sayable:
            best = group
        if not best:
            yield Remark("SPEECH_LEFT_OUT", CIRCLES, start, end)
        elif not same or any(map(failed, best)):
            yield Remark("TEXT_REPETITIVE", REPEATS, start, end)
        return best

    def _pieces(self, start: float, end: float, longest: float = PIECE_SECONDS) -> Iterator[Segment]:
        """Hears a part in pieces, and what fails in a piece in shorter ones."""
        first = round(start * SAMPLE_RATE)
        samples = self._samples[first : round(end * SAMPLE_RATE)]
        for piece in windows([samples[None]], longest):
            at = (first + piece.start) / SAMPLE_RATE
            silent = self._trusted and self._voiced.seconds(at, at + piece.seconds) < LEAST_SECONDS
            if silent or len(piece.samples) < MIN_SAMPLES:
                continue
            heard = [self._moved(segment, at) for segment in self._hear(piece.samples, start, end)]
            if any(map(failed, heard)) and longest == PIECE_SECONDS:
                shorter = list(self._pieces(at, at + piece.seconds, PIECE_SECONDS / 2))
                heard = heard if any(map(failed, shorter)) else shorter
            yield from heard

    @staticmethod
    def _moved(segment: Segment, seconds: float) -> Segment:
        return segment.moved(lambda start, end: (start + seconds, end + seconds))

    def _holes(self, segments: list[Segment]) -> bool:
        return any(self._voiced.seconds(one.end, other.start) >= HOLE_SECONDS for one, other in pairwise(segments))

    @staticmethod
    def _can_be_said(segments: list[Segment], start: float, end: float) -> bool:
        return len(_letters(segments)) <= LETTERS_A_SECOND * max(end - start, 1.0)


def decodings(heard: Iterator[Segment]) -> Iterator[list[Segment]]:
    """Groups segments: those of one decoding where it repeats itself, which is judged as a whole; the others singly."""
    group: list[Segment] = []
    for segment in heard:
        if group and _figures(segment) != _figures(group[0]):
            yield group
            group = []
        if _repetitive(segment):
            group.append(segment)
        else:
            yield [segment]
    if group:
        yield group


def split(segment: Segment, count: int) -> tuple[Segment, Segment]:
    """Cuts a segment behind its first ``count`` words, 1 and up, of which it has more."""
    first, rest = segment.words[:count], segment.words[count:]
    letters, at = sum(map(_count_letters, (word.text for word in first))), 0
    while at < len(segment.text) and (letters or not segment.text[at].isalnum()):
        letters -= segment.text[at].isalnum()
        at += 1
    # What stands before the next letter belongs to it only where it opens something.
    at = len(segment.text[:at].rstrip(OPENING))
    return (
        replace(segment, text=segment.text[:at].strip(), words=first, end=first[-1].end),
        replace(segment, text=segment.text[at:].strip(), words=rest, start=rest[0].start),
    )


def _count_letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def squeezed(segments: list[Segment]) -> bool:
    """Tells whether a tenth of the words and more take no time: they are said in the text and not in the audio."""
    words = [word for each in segments for word in each.words]
    return sum(word.end - word.start < STEP_SECONDS for word in words) > SQUEEZED * len(words)


def _figures(segment: Segment) -> tuple[float | None, ...]:
    return segment.avg_logprob, segment.no_speech_probability, segment.compression_ratio


def _repetitive(segment: Segment) -> bool:
    return segment.compression_ratio is not None and segment.compression_ratio > REPETITIVE


def _letters(segments: list[Segment]) -> str:
    return "".join(letter for each in segments for letter in each.text.casefold() if letter.isalnum())


def alike(first: list[Segment], second: list[Segment]) -> bool:
    """Tells whether two hearings are the same but for a letter in ten, and about as long."""
    one, other = _letters(first), _letters(second)
    # Of a sentence said six times five are much the same letters, and a sixth too few.
    if abs(len(one) - len(other)) > (1.0 - SAME) / 2 * max(len(one), len(other)):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SAME
