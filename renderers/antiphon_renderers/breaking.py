"""Where text is broken: segments into the entries of a file, and an entry's text into its lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from antiphon_renderers.lines import Line, LineWord, RenderError, places_of
from antiphon_renderers.rows import Ruler, joined

MAX_LINE_CHARACTERS = 42
MAX_LINES = 2
"""What broadcasters and film services ask of subtitles in Latin letters."""
MAX_CUE_SECONDS = 7.0
"""Longest that one subtitle stays, by the same guides."""
MAX_CUE_WORDS = 256
"""Most words of an entry, so that the work grows with the words and not with their square."""
LONG_PAUSE_SECONDS = 3.0
"""Pause between words in which a subtitle is taken off."""
PAUSE_SECONDS = 0.6
MIN_LINE_CHARACTERS = 10
KINDS = ("segments", "subtitles", "singing")
_FULL_STOPS = ".!?…؟。！？"
_PUNCTUATION = ",.;:!?…،؟।，。；：！？、"


@dataclass(frozen=True)
class Breaking:
    """How to break.

    Attributes:
        by: ``segments``: an entry for each segment or line of lyrics, on one line; ``subtitles``: entries of at most
            ``max_lines`` lines and 7 s; ``singing``: an entry of one line wherever the singer pauses or the line grows
            long, lines of known lyrics kept; None for what is usual: subtitles in SRT and WebVTT, segments elsewhere.
        max_characters: Longest line, at least 10. A wide character, such as a Chinese one, counts as two.
        max_lines: Lines of a subtitle, at least 1; of effect in SRT and WebVTT alone, others have one.
        pause_seconds: Pause between words that ends a line that is sung, above 0.

    Raises:
        RenderError: LINE_BREAKING, MAX_LINE_CHARACTERS, MAX_LINES, PAUSE.
    """

    by: str | None = None
    max_characters: int = MAX_LINE_CHARACTERS
    max_lines: int = MAX_LINES
    pause_seconds: float = PAUSE_SECONDS

    def __post_init__(self) -> None:
        if self.by is not None and self.by not in KINDS:
            message = f"lines are not broken by {self.by!r}; choose one of {', '.join(KINDS)}"
            raise RenderError("LINE_BREAKING", message, "line_breaking")
        if self.max_characters < MIN_LINE_CHARACTERS:
            message = f"lines of {self.max_characters} characters; give at least {MIN_LINE_CHARACTERS}"
            raise RenderError("MAX_LINE_CHARACTERS", message, "max_line_characters")
        if self.max_lines < 1:
            raise RenderError("MAX_LINES", f"subtitles of {self.max_lines} lines; give at least 1", "max_lines")
        if not self.pause_seconds > 0:
            message = f"a pause of {self.pause_seconds:g} s; give one above 0"
            raise RenderError("PAUSE", message, "pause_duration")


def for_singing(
    lines: Iterable[Line], max_characters: int = MAX_LINE_CHARACTERS, pause_seconds: float = PAUSE_SECONDS
) -> tuple[Line, ...]:
    """Lines broken where the singer pauses, and where they would be too long; one without word times stays whole.

    A line that is too long is broken at a long pause or after punctuation, rather than where it would be even.
    """
    return tuple(
        piece for line in lines for piece in _broken(line, _Bounds(max_characters, 1, math.inf, pause_seconds))
    )


def for_subtitles(
    lines: Iterable[Line], max_characters: int = MAX_LINE_CHARACTERS, max_lines: int = MAX_LINES
) -> tuple[Line, ...]:
    """Lines that fit into ``max_lines`` rows of ``max_characters`` and stay for 7 s at most, cut between words.

    When a word is said is known from its times alone: a line without them stays whole.
    """
    bounds = _Bounds(max_characters, max_lines, MAX_CUE_SECONDS, LONG_PAUSE_SECONDS)
    return tuple(piece for line in lines for piece in _broken(line, bounds))


def sentences(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines with word times put together where a sentence goes on in the next one without a pause.

    Whisper ends a segment where it likes: "more respectable than", "he was.".
    """
    held: list[Line] = []
    for line in lines:
        if held and not _goes_on(held[-1], line):
            yield _one(held)
            held = []
        held.append(line)
    if held:
        yield _one(held)


def _goes_on(line: Line, following: Line) -> bool:
    if line.speaker != following.speaker:
        return False
    if not line.words or not following.words or line.text.rstrip("\"'»”’)")[-1:] in _FULL_STOPS:
        return False
    return following.words[0].start - line.words[-1].end < PAUSE_SECONDS


def _one(lines: Sequence[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    words = tuple(word for line in lines for word in line.words)
    text = joined(line.text for line in lines)
    return Line(text, lines[0].start, lines[-1].end, words, speaker=lines[0].speaker)


@dataclass(frozen=True)
class _Bounds:
    characters: int
    rows: int
    seconds: float
    pause: float


@dataclass(frozen=True)
class _Words:
    """Words with the place in the text at which each begins; the end of the text follows."""

    words: Sequence[LineWord]
    places: Sequence[int]


def _broken(line: Line, bounds: _Bounds) -> Iterator[Line]:
    placed = _placed(line)
    if line.start is None or placed is None:
        yield line
        return
    ruler = Ruler(line.text)
    words, places = placed.words, placed.places
    begin = 0
    for end in range(1, len(words) + 1):
        # Where the singer pauses within a word, that word is not torn apart.
        if end < len(words) and (
            words[end].start - words[end - 1].end < bounds.pause or not ruler.may_break(places[end])
        ):
            continue
        while begin < end:
            cut = _cut(ruler, placed, begin, end, bounds)
            text = line.text[places[begin] : places[cut]].strip(" ")
            yield Line(text, words[begin].start, words[cut - 1].end, tuple(words[begin:cut]), speaker=line.speaker)
            begin = cut


def _placed(line: Line) -> _Words | None:
    """None where the words are not known, or are not those of the text."""
    places = places_of(line)
    if not places or len(places) < len(line.words):
        return None
    return _Words(line.words, [0, *places[1:], len(line.text)])


def _cut(ruler: Ruler, placed: _Words, begin: int, end: int, bounds: _Bounds) -> int:
    """Where the entry that begins with the word ``begin`` ends: before the word of that number, ``end`` at most."""
    words, places = placed.words, placed.places
    last = min(end, begin + MAX_CUE_WORDS)
    reach = ruler.reach(places[begin], bounds.characters, bounds.rows, places[last])
    room = bounds.characters * bounds.rows
    fitting = []
    for cut in range(begin + 1, last + 1):
        seconds = words[cut - 1].end - words[begin].start
        if places[cut] > reach or ruler.width(places[begin], places[cut]) > room or seconds > bounds.seconds:
            break
        fitting.append(cut)
    # A word of several pieces is not torn apart, and none of a script without spaces.
    legal = [cut for cut in fitting if ruler.may_break(places[cut])]
    if not legal:
        following = range(begin + 1 + len(fitting), last + 1)
        return next((cut for cut in following if ruler.may_break(places[cut])), last)
    fitting = legal
    if fitting[-1] == end or fitting[-1] - begin == MAX_CUE_WORDS:
        return fitting[-1]
    # Words that take no room would have none to divide.
    whole = max(1, ruler.width(places[begin], places[end]))
    seconds = words[end - 1].end - words[begin].start
    even = whole / max(2, math.ceil(whole / room), math.ceil(seconds / bounds.seconds))

    def worth(cut: int) -> float:
        before, after = words[cut - 1], words[cut]
        off = abs(ruler.width(places[begin], places[cut]) - even) / whole
        return min(after.start - before.end, PAUSE_SECONDS) + 0.3 * (before.text[-1] in _PUNCTUATION) - off

    def is_long_enough(cut: int) -> bool:
        return min(ruler.width(places[begin], places[cut]), ruler.width(places[cut], places[end])) >= even / 2

    return max([cut for cut in fitting if is_long_enough(cut)] or fitting, key=worth)
