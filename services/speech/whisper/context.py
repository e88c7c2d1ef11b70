"""What primes a decoding: hotwords and the text before, in the room that Whisper has for them."""

from __future__ import annotations

import math
from collections.abc import Sequence

MAX_CONTEXT_TOKENS = 223
"""Half of Whisper's 448 positions, less one, as its own limit. Text has all that a primer leaves: what is cut off there
is speech that is lost, and fast speech or a language of many tokens fills more than half."""

MOST_TOKENS_A_SECOND = 20
"""More than is spoken in any language: of less audio than 30 s less text is to be expected, and a loop ends sooner."""


def text_tokens(seconds: float) -> int | None:
    """Tells how many tokens the text of so much audio may have; None where all the room there is.

    >>> text_tokens(5.0), text_tokens(30.0)
    (116, None)
    """
    tokens = 16 + math.ceil(seconds * MOST_TOKENS_A_SECOND)
    return tokens if tokens <= MAX_CONTEXT_TOKENS - 3 else None  # beside the longest primer there is no more room


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
