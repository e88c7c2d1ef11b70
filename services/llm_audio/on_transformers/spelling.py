"""Turns tokens into text while they come: a letter whose bytes are spread over tokens waits for the last of them."""

from __future__ import annotations

from typing import Any

_LETTER_TOKENS = 4  # the most bytes of a UTF-8 letter, and a token is a byte at least


class Speller:
    """One answer's text, piece by piece; steering tokens are left out.

    Args:
        tokenizer: A tokenizer of transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        # What is decoded again with each token, for a piece of text may depend on the one before, and what was given.
        self._context = self._given = 0

    def add(self, token: int) -> str:
        """Gives the text that a token completes; empty while a letter is incomplete."""
        self._tokens.append(token)
        text = self._new()
        if text.endswith("\N{REPLACEMENT CHARACTER}") and len(self._tokens) - self._given < _LETTER_TOKENS:
            return ""
        self._context, self._given = self._given, len(self._tokens)
        return text

    def rest(self) -> str:
        """Gives what is left at the end, incomplete letters replaced."""
        text = self._new()
        self._given = len(self._tokens)
        return text

    def _new(self) -> str:
        known = self._text(self._tokens[self._context : self._given])
        return self._text(self._tokens[self._context :])[len(known) :]

    def _text(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))
