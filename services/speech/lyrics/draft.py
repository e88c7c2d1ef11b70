"""A line of lyrics while its place is sought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.speech.contract import Word
from services.speech.lyrics.lines import LyricsLine, key

ANCHORED = 0.5
"""Share of a line's words that recognition must have heard for it to be certain where the line is."""


@dataclass
class Draft:
    """A line while its place is sought.

    Attributes:
        line: The line, cut into words.
        found: For each of its words the one that recognition heard; None where it heard none.
        words: Its words with their times; empty until they are known.
    """

    line: LyricsLine
    found: tuple[Word | None, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def heard(self) -> list[Word]:
        """The words that recognition heard, in order."""
        return [word for word in self.found if word is not None]

    @property
    def anchored(self) -> bool:
        """Whether enough was heard for it to be certain where the line is."""
        return len(self.heard) >= ANCHORED * len(self.found)

    @property
    def whole(self) -> bool:
        """Whether every word was heard as it is."""
        return all(self.exact)

    @property
    def exact(self) -> list[bool]:
        """Whether each word was heard as it is; what was misheard may be more or less than the one word."""
        pairs = zip(self.found, self.line.keys, strict=True)
        return [word is not None and key(word.text) == wanted for word, wanted in pairs]

    def known(self) -> tuple[Word, ...]:
        """Gives the words that were heard, written as in the lyrics."""
        pairs = zip(self.found, self.line.pieces, strict=True)
        return tuple(replace(word, text=piece.strip(" ")) for word, piece in pairs if word is not None)

    def completed(self, read: Sequence[Word]) -> tuple[Word, ...]:
        """Gives all words with their times.

        Those heard as they are have the times of hearing; the others those of reading, but between them.
        """
        exact = self.exact
        pairs = zip(self.found, read, exact, strict=True)
        whole = [replace(heard, text=each.text) if heard and same else each for heard, each, same in pairs]
        ceiling = whole[-1].end
        for at in range(len(whole) - 1, -1, -1):
            if not exact[at]:
                whole[at] = replace(whole[at], start=min(whole[at].start, ceiling), end=min(whole[at].end, ceiling))
            ceiling = whole[at].start
        return tuple(whole)
