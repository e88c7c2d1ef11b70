"""Lyrics placed by a model whose hearing and reading are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
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
from services.speech.lyrics import LyricsAligner
from services.speech.lyrics.reel import Reel

RATE = 16000


@dataclass
class Script:
    """A model that hears what it is told to, and reads each word for a third of a second from a given time on."""

    heard: list[Word]
    seconds: float = 60.0
    sung: dict[str, tuple[float, float]] = field(default_factory=dict)
    languages: frozenset[str] = frozenset({"en", "ja"})
    read: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    position: float = 0.0

    def listen(
        self, blocks: Iterable[np.ndarray], request: TranscriptionRequest, checkpoint: Callable[[], None]
    ) -> Iterator[Segment | Reached | Findings]:
        assert not request.vad
        for _ in blocks:
            checkpoint()
        if self.heard:
            yield Segment(self.heard[0].start, self.heard[-1].end, "", tuple(self.heard))
        yield Reached(self.seconds)
        yield Findings("en", 0.9, (), None, ())

    def place(self, samples: np.ndarray, words: Sequence[str], language: str) -> tuple[Word, ...]:
        """Finds a word where its samples, which count the seconds, say that it is sung."""
        self.read.append((len(samples), tuple(words)))
        start = float(samples[0])
        placed = []
        at = 0.0
        for word in words:
            begin, end = self.sung.get(word.strip(), (-1.0, -1.0))
            there = start <= begin and end <= start + len(samples) / RATE
            at = max(at, begin - start) if there else at
            placed.append(Word(at, at + 0.3 if there else at, word.strip(), 0.9 if there else 0.01))
            at = placed[-1].end
        return tuple(placed)


def audio(seconds: float) -> Callable[[], Iterator[np.ndarray]]:
    """A recording whose samples are their own time in seconds."""
    samples = (np.arange(round(seconds * RATE)) / RATE).astype(np.float32)
    return lambda: (samples[None, at : at + 50_000] for at in range(0, len(samples), 50_000))


def said(text: str, start: float) -> list[Word]:
    """Words of 0.4 s, one each half second."""
    return [Word(start + 0.5 * at, start + 0.5 * at + 0.4, word, 0.8) for at, word in enumerate(text.split())]


def align(script: Script, lyrics: str, **request: str) -> tuple[list[AlignedLine], AlignmentFindings]:
    """Lines and findings, after the rules that hold for all of them were checked."""
    aligner = LyricsAligner(script, AlignmentRequest(lyrics, **request), lambda: None)
    events = list(aligner.align(audio(script.seconds)))
    lines = [event for event in events if isinstance(event, AlignedLine)]
    assert isinstance(events[-1], AlignmentFindings)
    times = [time for line in lines for word in line.words for time in (word.start, word.end)]
    assert all(first <= second for first, second in pairwise(times))
    return lines, events[-1]


def test_lines_that_were_heard_take_the_times_and_probabilities_of_hearing() -> None:
    script = Script([*said("hello my friend", 2.0), *said("goodbye now", 40.0)])
    lines, found = align(script, "Hello, my friend!\n\nGoodbye now.")
    assert [(line.number, line.text, line.heard) for line in lines] == [
        (1, "Hello, my friend!", 3),
        (3, "Goodbye now.", 2),
    ]
    assert [(word.text, word.start, word.probability) for word in lines[0].words] == [
        ("Hello,", 2.0, 0.8),
        ("my", 2.5, 0.8),
        ("friend!", 3.0, 0.8),
    ]
    assert script.read == []
    assert (found.aligned, found.unmatched, found.warnings) == (2, 0, ())


def test_a_word_that_was_not_heard_is_read_between_those_that_were() -> None:
    script = Script(
        said("hello my friend", 10.0), sung={"dear": (10.95, 11.0), "Hello": (10, 10.4), "my": (10.5, 10.9)}
    )
    script.heard = [Word(10.0, 10.4, "hello", 0.8), Word(10.5, 10.9, "my", 0.8), Word(11.4, 11.8, "friend", 0.8)]
    (line,), _ = align(script, "Hello my dear friend")
    dear = line.words[2]
    assert (line.heard, [word.text for word in line.words]) == (3, ["Hello", "my", "dear", "friend"])
    assert 10.9 <= dear.start <= dear.end <= 11.4
    assert (line.words[0].start, line.words[3].end) == (10.0, 11.8)


def test_a_line_that_was_not_heard_is_read_between_its_neighbours() -> None:
    sung = {"under": (20.0, 20.3), "water": (20.5, 20.8)}
    script = Script([*said("first line here", 2.0), *said("last line here", 30.0)], sung=sung)
    lines, found = align(script, "first line here\nunder water\nlast line here")
    assert lines[1].heard == 0
    assert lines[1].words[0].start == pytest.approx(20.0, abs=0.35)
    assert found.unmatched == 0


def test_a_line_far_from_any_other_is_found_in_a_later_stretch() -> None:
    script = Script([], seconds=120.0, sung={"under": (70.0, 70.3), "water": (70.5, 70.8)})
    lines, _ = align(script, "under water")
    assert lines[0].words[0].start == pytest.approx(70.0, abs=0.35)
    # No stretch is longer than the model can look at, with the margin on both sides.
    assert max(length for length, _ in script.read) <= 30.6 * RATE


def test_a_line_that_is_not_sung_has_no_times_and_is_told() -> None:
    script = Script([*said("first line here", 2.0), *said("last line here", 30.0)])
    lines, found = align(script, "first line here\nnever sung at all\nlast line here")
    assert lines[1].words == ()
    assert lines[2].words[0].start == 30.0
    assert (found.aligned, found.unmatched) == (2, 1)
    assert [warning.reason for warning in found.warnings] == ["LINES_UNMATCHED"]
    assert found.warnings[0].message.endswith("times: 2")


def test_a_line_without_a_word_comes_back_and_is_neither_found_nor_missed() -> None:
    script = Script([*said("first line here", 2.0), *said("last line here", 30.0)])
    lines, found = align(script, "\nfirst line here\n\n  ♪ ♪\nlast line here\n—")
    assert [(line.number, line.text) for line in lines] == [
        (2, "first line here"),
        (4, "♪ ♪"),
        (5, "last line here"),
        (6, "—"),
    ]
    assert [bool(line.words) for line in lines] == [True, False, True, False]
    assert (found.aligned, found.unmatched, found.warnings) == (2, 0, ())


def test_one_common_word_does_not_place_a_line() -> None:
    script = Script(said("it was the best of times", 5.0))
    lines, _ = align(script, "roses are the reddest flowers\nit was the best of times")
    assert lines[0].words == ()
    assert lines[1].words[0].start == 5.0


def test_reading_can_be_cancelled() -> None:
    def stop() -> None:
        raise Cancelled

    aligner = LyricsAligner(Script([]), AlignmentRequest("under water"), stop)
    with pytest.raises(Cancelled):
        list(aligner.align(audio(5.0)))


@pytest.mark.parametrize(
    ("lyrics", "reason"),
    [
        ("", "LYRICS_EMPTY"),
        ("...\n- -", "LYRICS_EMPTY"),
        ("a" * 20_001, "LYRICS_TOO_LONG"),
        ("a\n" * 2001, "LYRICS_TOO_LONG"),
    ],
)
def test_lyrics_that_cannot_be_aligned_are_refused(lyrics: str, reason: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        AlignmentRequest(lyrics)
    assert (caught.value.reason, caught.value.field) == (reason, "config.lyrics")


def test_a_reel_gives_each_stretch_and_forgets_what_is_before() -> None:
    reel = Reel(audio(20.0)())
    assert reel.between(0.0, 1.0)[0] == 0.0
    part = reel.between(12.5, 13.0)
    assert (len(part), float(part[0])) == (RATE // 2, 12.5)
    assert len(reel._held) < 50_000 + RATE
    assert float(reel.between(12.6, 13.0)[0]) == pytest.approx(12.6)
    assert len(reel.between(19.0, 25.0)) == RATE
    assert len(reel.between(25.0, 26.0)) == 0
