"""Words put where the voice is: Whisper gives a pause to the word behind it, and may leave a word in the pause.

Times here are seconds in the audio that is listened to, out of which long pauses have been cut: a margin of 0.4 s is
what is left of a pause on either side, and a word that was left in the wrong one would be seconds away.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace

from services.speech.contract import SAMPLE_RATE, Segment, Word
from services.speech.recording.spans import Span

SLACK = 0.1
"""Seconds of a word that may lie outside the voice: soft beginnings and ends, three of the detector's frames."""
REACH = 1.0
"""Seconds within which a word that lies in a pause is given to a voice; 0.8 s are left of a pause that was cut."""
LEAST_VOICED = 0.5
"""Share of a first word's time that must be voice for the word to stay before a pause."""
ONSET = 0.6
"""Seconds from the beginning of a run within which its first word is the one that begins it."""
SHORTEST = 0.1
"""Seconds that a word lasts at least which lost most of its time with the pause before it."""
SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…")


class Voiced:
    """Where the voice is, ``runs`` in samples, in order and apart from each other."""

    def __init__(self, runs: tuple[Span, ...]) -> None:
        self._runs = [(start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in runs]
        self._starts = [start for start, _ in self._runs]
        self._ends = [end for _, end in self._runs]

    def seconds(self, start: float, end: float) -> float:
        """Measures how long there is a voice between two times."""
        if end <= start:
            return 0.0
        met = self._runs[bisect_right(self._ends, start) : bisect_left(self._starts, end)]
        return sum(min(last, end) - max(first, start) for first, last in met)

    def placed(self, segment: Segment) -> Segment:
        """Gives the segment with each word in one run of voice; where none is near the word stays."""
        words: list[Word] = []
        begins = True
        for word in segment.words:
            floor = words[-1].end if words else 0.0
            words.append(self._placed(word, begins, floor))
            begins = word.text.endswith(SENTENCE_ENDS)
        if not words:
            return segment
        return replace(segment, start=words[0].start, end=words[-1].end, words=tuple(words))

    def _placed(self, word: Word, begins: bool, floor: float) -> Word:
        index = self._run(max(word.start, min(floor, word.end)), word.end, begins)
        if index is None:
            return word
        first, last = self._runs[index]
        first, last = first - SLACK, last + SLACK
        length = min(word.end - word.start, last - first)
        if word.end <= first + SLACK:  # all of it before the voice
            return replace(word, start=first + SLACK, end=first + SLACK + length)
        if word.start >= last:
            return replace(word, start=last - length, end=last)
        start, end = max(word.start, first), min(word.end, last)
        if word.start < first:  # the pause was given to it
            start = first + SLACK
            end = max(end, min(start + min(length, SHORTEST), last))
        elif floor <= first + 2 * SLACK and start - first < ONSET:  # no other word is said before it in this run
            start = min(start, first + SLACK)
        return replace(word, start=start, end=end)

    def _run(self, start: float, end: float, begins: bool) -> int | None:
        """Finds the run that a word belongs to."""
        near = range(bisect_left(self._ends, start - REACH), bisect_right(self._starts, end + REACH))
        shared = {index: min(end, self._ends[index]) - max(start, self._starts[index]) for index in near}
        if not shared:
            return None
        best = max(shared, key=lambda index: (shared[index], index))
        # Speech begins anew behind a pause: what hardly meets the voice before it belongs to the one after it.
        hardly = shared[best] < LEAST_VOICED * (end - start) and end > self._ends[best]
        return best + 1 if begins and hardly and best + 1 in shared else best
