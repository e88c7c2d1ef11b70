"""Words put together from the pieces that Whisper's tokenizers make of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from antiphon_renderers.clusters import continues
from services.speech.contract import Word

_BLANKS = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True)
class Piece:
    """A piece of text: its times in seconds, mean probability and number of its tokens."""

    start: float
    end: float
    text: str
    probability: float
    token_count: int


def one_spaced(text: str) -> str:
    """The text on one line, with one space where there were several; spaces of other kinds are kept."""
    return _BLANKS.sub(" ", text).strip(" ")


def joined(pieces: Iterable[Piece]) -> Iterator[Word]:
    """Joins pieces such as " ill" and "-disposed" into words, and a letter with the marks on it."""
    group: list[Piece] = []
    for piece in pieces:
        if group and not piece.text.startswith("-") and not continues(group[-1].text, piece.text):
            yield word(group)
            group = []
        group.append(piece)
    if group:
        yield word(group)


def grouped(pieces: Iterable[Piece], token_counts: Sequence[int], texts: Sequence[str]) -> Iterator[Word]:
    """Makes the words that were given of the pieces they were cut into, by the number of their tokens."""
    remaining = iter(pieces)
    for count, text in zip(token_counts, texts, strict=True):
        group: list[Piece] = []
        while sum(piece.token_count for piece in group) < count and (piece := next(remaining, None)) is not None:
            group.append(piece)
        if not group:
            return
        yield word(group, text.strip(" "))


def word(pieces: list[Piece], text: str | None = None) -> Word:
    """Makes one word of one or more pieces; its probability is the mean over their tokens."""
    tokens = sum(piece.token_count for piece in pieces)
    total = sum(piece.probability * piece.token_count for piece in pieces)
    probability = min(max(total / tokens, 0.0), 1.0) if tokens else None
    written = "".join(piece.text for piece in pieces).strip(" ") if text is None else text
    return Word(pieces[0].start, pieces[-1].end, written, probability)
