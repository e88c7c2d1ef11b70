"""Lyrics as given, cut into lines and words that can be compared with what was heard."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from antiphon_renderers.clusters import clusters

_SPACES = re.compile(r"[^\S\u00a0\u2007\u202f]+")
"""Spaces that part words; those without a break hold together what they stand between, as before a question mark."""
WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "my", "bo"})
"""Languages that Whisper's own code splits by character, since they are written without spaces."""


@dataclass(frozen=True)
class LyricsLine:
    """A line that holds at least one word.

    Attributes:
        number: In the lyrics given, from 1, blank lines counted.
        text: As given, but for the spaces and tabs at its ends.
        pieces: Its words as they are tokenised, with one space before them where the text has any.
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
        text = raw.strip(" \t")
        pieces = _pieces(text, language)
        if pieces:
            found.append(LyricsLine(number, text, pieces, tuple(key(piece) for piece in pieces)))
    return tuple(found)


def wordless(lyrics: str) -> tuple[tuple[int, str], ...]:
    """Finds the lines that hold something, but no word, such as a dash or a note, each with its number."""
    rows = ((number, raw.strip(" \t")) for number, raw in enumerate(lyrics.splitlines(), 1))
    return tuple((number, text) for number, text in rows if text and not key(text))


def key(word: str) -> str:
    """Gives a word's letters and digits, case folded, in Unicode's compatibility form.

    >>> key(" Don't!")
    'dont'
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(character for character in folded if character.isalnum())


def _pieces(text: str, language: str) -> tuple[str, ...]:
    raw = [f" {part}" for part in _SPACES.split(text) if part]
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
    """Gives each cluster by itself, but letters of the first 0x250 of Unicode, such as Latin, together."""
    found: list[str] = []
    for cluster in clusters(part.strip(" ")):
        if found and ord(cluster[0]) < 0x250 and ord(found[-1][-1]) < 0x250:
            found[-1] += cluster
        else:
            found.append(cluster)
    return found
