"""Words put together from the pieces that Whisper's tokenizers make of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.speech.contract import Word


@dataclass(frozen=True)
class Piece:
    """A piece of text: its times in seconds, mean probability and number of its tokens."""

    start: float
    end: float
    text: str
    probability: float
    token_count: int


def joined(pieces: Iterable[Piece]) -> Iterator[Word]:
    """Joins pieces such as " ill" and "-disposed" into words."""
    group: list[Piece] = []
    for piece in pieces:
        if group and not piece.text.startswith("-"):
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
        yield word(group, text.strip())


def word(pieces: list[Piece], text: str | None = None) -> Word:
    """Makes one word of one or more pieces; its probability is the mean over their tokens."""
    tokens = sum(piece.token_count for piece in pieces)
    total = sum(piece.probability * piece.token_count for piece in pieces)
    probability = min(max(total / tokens, 0.0), 1.0) if tokens else None
    written = "".join(piece.text for piece in pieces).strip() if text is None else text
    return Word(pieces[0].start, pieces[-1].end, written, probability)
