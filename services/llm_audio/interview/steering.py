"""Takes out of a text what would steer a model, such as ``<|im_end|>``: a caller's text or a lyric may spell it out."""

from __future__ import annotations

from collections.abc import Sequence


def without(text: str, steering: Sequence[str]) -> str:
    """Puts a space in the place of each steering token, again until none is left, for parts may join to new ones."""
    while True:
        before = text
        for token in steering:
            text = text.replace(token, " ")
        if text == before:
            return text
