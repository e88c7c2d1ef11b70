"""Binds an answer to a JSON schema: which tokens may come next."""

from __future__ import annotations

import json
from typing import Any

import llguidance
import llguidance.hf
import llguidance.numpy
import numpy as np
import torch

from antiphon_wire.errors import invalid

_DEFAULTS = {
    # As much white space as people put into JSON, and never so much that a model goes on with it for ever.
    "whitespace_pattern": r"[\x20\x0A]{0,2}",
    # Keys that no grammar holds, such as uniqueItems, are left to the validation of the whole answer, as by llama.cpp.
    "lenient": True,
}


class Binder:
    """Makes the bonds of one tokenizer.

    Args:
        tokenizer: A fast tokenizer of transformers.
        vocabulary: How many tokens the model scores.
        end: The token that ends an answer.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, end: int) -> None:
        self._tokenizer = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=end)
        self._vocabulary = vocabulary

    def bind(self, json_schema: str) -> Bond:
        """Makes a bond for one answer.

        Raises:
            AntiphonError: JSON_SCHEMA where no grammar can be made of it.
        """
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(json.loads(json_schema), defaults=_DEFAULTS)
            matcher = llguidance.LLMatcher(self._tokenizer, grammar)
            problem = matcher.get_error()
        except ValueError as error:
            problem = str(error)
        if problem:
            message = f"no grammar can be made of the schema: {problem}"
            raise invalid("JSON_SCHEMA", message, field="config.json_schema")
        return Bond(matcher, self._vocabulary)


class Bond:
    """The state of one answer."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher, self._vocabulary = matcher, vocabulary
        self._bits = llguidance.numpy.allocate_token_bitmask(1, vocabulary)

    def allowed(self) -> torch.Tensor:
        """Tells which tokens may come next: bool ``(tokens,)``."""
        llguidance.numpy.fill_next_token_bitmask(self._matcher, self._bits, 0)
        flags = np.unpackbits(self._bits[0].view(np.uint8), bitorder="little")[: self._vocabulary]
        return torch.from_numpy(flags.astype(bool))

    def take(self, token: int) -> bool:
        """Goes on with a token; returns whether the document is complete and nothing may follow."""
        self._matcher.consume_token(token)
        return bool(self._matcher.is_stopped())
