"""Takes out of a text what would steer a model, such as ``<|im_end|>``: a caller's text or a lyric may spell it out."""

from __future__ import annotations

from collections.abc import Sequence


def steers(text: str) -> bool:
    """Tells whether a token that a tokenizer reads as a whole is a mark, and no run of spaces or plain word.

    >>> steers("<tool_call>"), steers("[INST]"), steers("  "), steers("Hello")
    (True, True, False, False)
    """
    return len(text) > 2 and text[0] in "<[" and text[-1] in ">]"


def without(text: str, steering: Sequence[str]) -> str:
    """Puts a space in the place of each steering token, again until none is left, for parts may join to new ones."""
    while True:
        before = text
        for token in steering:
            text = text.replace(token, " ")
        if text == before:
            return text
