"""Finds the lines and words of known lyrics in a recording.

Recognition listens first, without knowing the lyrics; what it heard is matched to them as a whole, so that choruses and
bars without voice cannot lead astray. Lines that it heard word for word take its times, which are cross-attention's
for the same text. The others lie between these: there the model is made to read them, and cross-attention tells when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from chassis.reports import WarningReport
from services.speech.contract import (
    AlignedLine,
    AlignmentFindings,
    AlignmentRequest,
    Findings,
    Reached,
    Segment,
    TranscriptionRequest,
    Word,
)
from services.speech.lyrics.draft import Draft
from services.speech.lyrics.lines import key, lines, wordless
from services.speech.lyrics.matching import matches
from services.speech.lyrics.reel import Reel
from services.speech.recording.windows import MIN_SAMPLES

READING_SECONDS = 30.0
"""What Whisper looks at."""
MAX_READ_WORDS = 100
"""Words read at once: 30 s hold fewer, and some languages have four tokens to a word in Whisper's 448."""
MARGIN_SECONDS = 0.3
NEEDED_PROBABILITY = 0.3
"""Mean probability of a line's words below which a line that was not heard is held not to be there; measured:
see the README."""
MEDIAN_SECONDS = 0.7
"""Whisper's own bound for the median length of a word."""
SECONDS_A_WORD = 0.1
"""Time below which there is no room for a word."""


class Placer(Protocol):
    """A model that can listen, and can be made to read."""

    languages: frozenset[str]

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        """See :meth:`services.speech.contract.Recognizer.listen`."""
        ...

    def place(self, samples: np.ndarray, words: Sequence[str], language: str) -> tuple[Word, ...]:
        """Places words that are known to be in ``samples`` (n,), at most 30 s at SAMPLE_RATE.

        Words come with the space before them, if there is one. Gives one Word for each, times in seconds from the first
        sample, its probability given the words before it; nothing where the audio is too short to hold any.
        """
        ...


class LyricsAligner:
    """Aligns one recording through ``model``."""

    def __init__(self, model: Placer, request: AlignmentRequest, checkpoint: Callable[[], None]) -> None:
        self._model = model
        self._request = request
        self._checkpoint = checkpoint
        self._language = ""
        self._seconds = 0.0

    def align(self, read: Callable[[], Iterable[np.ndarray]]) -> Iterator[Reached | AlignedLine | AlignmentFindings]:
        """See :meth:`services.speech.contract.Recognizer.align_lyrics`."""
        heard: list[Word] = []
        findings: Findings | None = None
        # Singing is no speech to the voice detector; names and rare words are not primed, so that hearing them counts.
        listening = TranscriptionRequest(language=self._request.language, vad=False)
        for event in self._model.listen(read(), listening, self._checkpoint):
            if isinstance(event, Segment):
                heard += [word for word in event.words if key(word.text)]
            elif isinstance(event, Findings):
                findings = event
            else:
                self._seconds = event.seconds
                yield event
        assert findings is not None
        self._language = self._request.language or findings.language or next(iter(sorted(self._model.languages)), "en")
        drafts = self._drafts(heard)
        self._place(drafts, Reel(read()))
        self._order(drafts)
        aligned = [AlignedLine(one.line.number, one.line.text, one.words, len(one.heard)) for one in drafts]
        # They are neither found nor missed, but the text that was given comes back whole.
        others = [AlignedLine(number, text) for number, text in wordless(self._request.lyrics)]
        yield from sorted([*aligned, *others], key=lambda line: line.number)
        yield self._findings(findings, aligned)

    def _drafts(self, heard: list[Word]) -> list[Draft]:
        drafts = [Draft(line) for line in lines(self._request.lyrics, self._language)]
        given = [word for draft in drafts for word in draft.line.keys]
        found = iter(matches(given, [key(word.text) for word in heard]))
        for draft in drafts:
            indices = [next(found) for _ in draft.line.keys]
            draft.found = tuple(None if index is None else heard[index] for index in indices)
            if draft.whole:
                draft.words = draft.known()
        return drafts

    def _place(self, drafts: list[Draft], reel: Reel) -> None:
        """Gives their words to the lines that were not heard as a whole, from the beginning on."""
        floor, index = 0.0, 0
        while index < len(drafts):
            if drafts[index].words:
                floor = drafts[index].words[-1].end
                index += 1
                continue
            after = index
            while after < len(drafts) and not drafts[after].words:
                after += 1
            ceiling = drafts[after].words[0].start if after < len(drafts) else self._seconds
            floor = self._between(drafts[index:after], floor, ceiling, reel)
            index = after

    def _between(self, drafts: list[Draft], floor: float, ceiling: float, reel: Reel) -> float:
        """Places what it can of lines that lie between two times; gives the end of the last one placed."""
        while drafts and ceiling - floor > SECONDS_A_WORD:
            self._checkpoint()
            start, end, count = self._stretch(drafts, floor, ceiling)
            placed = self._read(drafts[:count], start, end, reel)
            if placed:
                floor = max(floor, drafts[placed - 1].words[-1].end)
                drafts = drafts[placed:]
            elif end >= ceiling or drafts[0].anchored:
                if drafts[0].anchored:
                    drafts[0].words = drafts[0].known()
                    floor = max(floor, drafts[0].words[-1].end)
                drafts = drafts[1:]  # not here: perhaps the ones after it are
            else:
                floor = max(floor, start) + READING_SECONDS / 2
        return floor

    def _stretch(self, drafts: list[Draft], floor: float, ceiling: float) -> tuple[float, float, int]:
        """Says what to read next: from when to when, and how many lines."""
        first = drafts[0]
        if first.anchored and first.heard:
            # By itself, round the words that were heard; it may have half a minute without voice on either side.
            unheard = len(first.found) - len(first.heard) + 1
            start = max(floor, first.heard[0].start - unheard)
            return start, min(ceiling, first.heard[-1].end + unheard, start + READING_SECONDS), 1
        end = min(ceiling, floor + READING_SECONDS)
        count = words = 0
        for draft in drafts:
            words += len(draft.line.pieces)
            if count and (draft.anchored or words > MAX_READ_WORDS or words * SECONDS_A_WORD > end - floor):
                break
            count += 1
        return floor, end, count

    def _read(self, drafts: list[Draft], start: float, end: float, reel: Reel) -> int:
        """Has the model read lines in a stretch; gives how many from the first on are there."""
        samples = reel.between(max(0.0, start - MARGIN_SECONDS), end + MARGIN_SECONDS)
        start = max(0.0, start - MARGIN_SECONDS)
        pieces = [piece for draft in drafts for piece in draft.line.pieces][:MAX_READ_WORDS]
        if len(samples) < max(MIN_SAMPLES, 1):
            return 0
        words = _without_overhang(self._model.place(samples, pieces, self._language))
        at = placed = 0
        for draft in drafts:
            size = len(draft.line.pieces)
            found = words[at : at + size]
            if len(found) < size or not self._there(draft, found):
                break
            moved = [replace(word, start=word.start + start, end=word.end + start) for word in found]
            draft.words = draft.completed(moved)
            at += size
            placed += 1
        return placed

    def _there(self, draft: Draft, words: Sequence[Word]) -> bool:
        if words[-1].end - words[0].start < SECONDS_A_WORD * len(words) / 2:
            return False
        if draft.anchored:
            return True
        known = [word.probability for word in words if word.probability is not None]
        return bool(known) and float(np.mean(known)) >= NEEDED_PROBABILITY

    def _order(self, drafts: list[Draft]) -> None:
        """Keeps every word after the one before it and inside the audio."""
        floor = 0.0
        for draft in drafts:
            ordered = []
            for word in draft.words:
                start = min(max(word.start, floor), self._seconds)
                floor = min(max(word.end, start), self._seconds)
                ordered.append(replace(word, start=start, end=floor))
            draft.words = tuple(ordered)

    def _findings(self, findings: Findings, aligned: list[AlignedLine]) -> AlignmentFindings:
        missing = [line.number for line in aligned if not line.words]
        warnings = list(findings.warnings)
        if missing:
            numbers = ", ".join(map(str, missing[:20])) + (" …" if len(missing) > 20 else "")
            message = f"{len(missing)} of {len(aligned)} lines were not found and have no times: {numbers}"
            warnings.append(WarningReport("LINES_UNMATCHED", message, "lines"))
        return AlignmentFindings(
            language=self._request.language or findings.language,
            language_probability=findings.language_probability,
            aligned=len(aligned) - len(missing),
            unmatched=len(missing),
            warnings=tuple(warnings),
        )


def _without_overhang(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Cuts the first and the last of the words read to twice their median.

    Cross-attention gives all audio to some word, so what is before the first and after the last one goes to them;
    Whisper itself cuts its words so (``timing.py``).
    """
    lengths = [word.end - word.start for word in words if word.end > word.start]
    if not lengths:
        return words
    longest = 2 * min(MEDIAN_SECONDS, float(np.median(lengths)))
    first, last = words[0], words[-1]
    trimmed = [replace(first, start=max(first.start, first.end - longest)), *words[1:]]
    trimmed[-1] = replace(trimmed[-1], end=min(last.end, trimmed[-1].start + longest))
    return tuple(trimmed)
