"""Lyrics as given, cut into lines and words that can be compared with what was heard."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "my", "bo"})
"""Languages that Whisper's own code splits by character, since they are written without spaces."""


@dataclass(frozen=True)
class LyricsLine:
    """A line that holds at least one word.

    Attributes:
        number: In the lyrics given, from 1, blank lines counted.
        text: As given, trimmed.
        pieces: Its words as they are tokenised, with the space before them; together the line's text.
        keys: Each word as it is compared: letters and digits alone, case folded.
    """

    number: int
    text: str
    pieces: tuple[str, ...]
    keys: tuple[str, ...]


def lines(lyrics: str, language: str) -> tuple[LyricsLine, ...]:
    """Finds the lines of ``lyrics`` that hold a word, in order.

    What stands alone without a letter or digit, such as a dash, belongs to the word before it.
    """
    found = []
    for number, raw in enumerate(lyrics.splitlines(), 1):
        text = " ".join(raw.split())
        pieces = _pieces(text, language)
        if pieces:
            found.append(LyricsLine(number, text, pieces, tuple(key(piece) for piece in pieces)))
    return tuple(found)


def key(word: str) -> str:
    """Gives a word's letters and digits, case folded, in Unicode's compatibility form.

    >>> key(" Don't!")
    'dont'
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(character for character in folded if character.isalnum())


def _pieces(text: str, language: str) -> tuple[str, ...]:
    raw = [f" {part}" for part in text.split()]
    if language in WITHOUT_SPACES:
        raw = [piece for part in raw for piece in _characters(part)]
    pieces: list[str] = []
    before = ""
    for piece in raw:
        if key(piece):
            pieces.append(before + piece)
            before = ""
        elif pieces:
            pieces[-1] += piece
        else:
            before += piece
    return tuple(pieces)


def _characters(part: str) -> list[str]:
    """Gives each character by itself, but letters of the first 0x250 of Unicode, such as Latin, together."""
    found: list[str] = []
    for character in part.strip():
        if found and ord(character) < 0x250 and ord(found[-1][-1]) < 0x250:
            found[-1] += character
        else:
            found.append(character)
    return found
