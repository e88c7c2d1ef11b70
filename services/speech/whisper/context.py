"""What primes a decoding: hotwords and the text before, in the room that Whisper has for them."""

from __future__ import annotations

from collections.abc import Sequence

MAX_NEW_TOKENS = 220
"""Whisper's own limit for 30 s is 224; 220 leaves room for the longest prompt in its 448 positions."""
MAX_CONTEXT_TOKENS = 223


def plain(text: str) -> str:
    """Defuses what would read as one of Whisper's control tokens, which are no business of a caller.

    >>> plain(" <|en|> hello ")
    '< |en|> hello'
    """
    return text.replace("<|", "< |").strip()


def context_tokens(hotwords: Sequence[int], before: Sequence[int]) -> list[int]:
    """Gives tokens of the hotwords, at most half of the room, then the last ones of the text before in what is left."""
    first = list(hotwords[: MAX_CONTEXT_TOKENS // 2])
    room = MAX_CONTEXT_TOKENS - len(first)
    return first + list(before[-room:])
