"""Drives random schemas through the guard, both converters to grammars, and some steps of writing by them.

Run as a program, in a process of its own, for what is looked for ends one: ``python -m … GGUF EXAMPLES``. It prints
what it did in one line of JSON.
"""

from __future__ import annotations

import ctypes
import json
import random
import resource
import sys
import time
from collections import Counter
from typing import Any

import llama_cpp
import llguidance
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from antiphon_wire.errors import AntiphonError
from services.llm_audio.on_llama_cpp import loading
from services.llm_audio.on_llama_cpp.writing import _grammar
from services.llm_audio.schema.answer import AnswerSchema

_STEPS = 12
_COUNTS = st.sampled_from([0, 1, 2, 7, 100, 999, 2000, 10_000, 30_000, 99_999, 1_000_000, 60_000_000, 10**30, -1])
_REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/properties/a", "#/items", "#/nowhere", "http://x/"])
_PATTERNS = st.one_of(
    st.sampled_from(["^(a+)+$", "^((((a{9}){9}){9}){9})$", "^(a|b)*c{1000}$", "(", "[", "^a{30000}$", "^(a*)*$"]),
    st.text("ab^$()[]{}*+?|\\.,0123456789d", max_size=20),
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
_NAMES = st.sampled_from(["a", "b", "root", "string", "$ref", 'x"\n', "\ud800", "", "ü", "value"])
_TYPES = st.sampled_from(["string", "object", "array", "number", "integer", "null", "boolean"])


def _schema(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    lists = st.lists(inner, max_size=4)
    members = st.dictionaries(_NAMES, inner, max_size=4)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": _TYPES | st.lists(_TYPES, max_size=3),
            "properties": members,
            "required": st.lists(_NAMES, max_size=3),
            "additionalProperties": st.booleans() | inner,
            "patternProperties": st.dictionaries(_PATTERNS, inner, max_size=2),
            "items": inner,
            "prefixItems": lists,
            "anyOf": lists,
            "allOf": lists,
            "not": inner,
            "enum": st.lists(_VALUES, max_size=5),
            "const": _VALUES,
            **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties"), _COUNTS),
            "pattern": _PATTERNS,
            "minimum": st.floats() | st.integers(),
            "format": st.sampled_from(["date", "uuid", "time", "email"]),
            "$ref": _REFERENCES,
            "$defs": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        },
    )


def _small(count: int) -> st.SearchStrategy[dict[str, Any]]:
    """A few of the keywords at once: with all of them every schema would be refused for one of them."""
    return st.recursive(
        st.fixed_dictionaries({"type": _TYPES}, optional={"maxLength": _COUNTS, "$ref": _REFERENCES}),
        lambda inner: _schema(inner).flatmap(
            lambda full: st.sets(st.sampled_from(sorted(full) or ["type"]), max_size=count).map(
                lambda names: {name: full[name] for name in names if name in full}
            )
        ),
        max_leaves=12,
    )


class Fuzz:
    """Counts what becomes of the schemas.

    Args:
        vocabulary: A GGUF, of which the vocabulary is used.
    """

    def __init__(self, vocabulary: str) -> None:
        loading.route_logs()
        self._llama = llama_cpp.Llama(vocabulary, vocab_only=True, verbose=False)
        self._bytes = llguidance.LLTokenizer("byte")
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0

    def one(self, schema: object, seed: int) -> None:
        """Drives one schema as far as it goes."""
        began, choose = time.monotonic(), random.Random(seed)
        try:
            text = AnswerSchema(json.dumps(schema)).for_grammar
            self.outcomes["guarded"] += 1
        except AntiphonError as error:
            assert error.reason == "JSON_SCHEMA", error
            self.outcomes["refused"] += 1
            return
        try:
            self._by_llama(text, choose)
            self.outcomes["llama"] += 1
        except AntiphonError as error:
            assert error.reason == "JSON_SCHEMA", error
        if self._by_llguidance(text, choose):
            self.outcomes["llguidance"] += 1
        self.slowest = max(self.slowest, time.monotonic() - began)

    def _by_llama(self, text: str, choose: random.Random) -> None:
        vocab = self._llama._model.vocab
        sampler = _grammar(vocab, text)
        try:
            count = llama_cpp.llama_vocab_n_tokens(vocab)
            for _ in range(_STEPS):
                rows = (llama_cpp.llama_token_data * count)(*((token, 0.0, 0.0) for token in range(count)))
                table = llama_cpp.llama_token_data_array(data=rows, size=count, selected=-1, sorted=False)
                llama_cpp.llama_sampler_apply(sampler, ctypes.byref(table))
                allowed = [row.id for row in rows[: table.size] if row.logit > float("-inf")]
                if not allowed or llama_cpp.llama_vocab_is_eog(vocab, token := choose.choice(allowed)):
                    break
                llama_cpp.llama_sampler_accept(sampler, token)
        finally:
            llama_cpp.llama_sampler_free(sampler)

    def _by_llguidance(self, text: str, choose: random.Random) -> bool:
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(json.loads(text), defaults={"lenient": True})
            matcher = llguidance.LLMatcher(self._bytes, grammar, log_level=0)
        except ValueError:
            return False
        for _ in range(_STEPS):
            if matcher.is_stopped() or matcher.is_error():
                break
            allowed = [token for token, bit in enumerate(matcher.compute_logit_bias()) if bit]
            if not allowed or not matcher.consume_token(choose.choice(allowed)):
                break
        return not matcher.is_error()


def main(vocabulary: str, examples: int) -> None:
    """Drives that many schemas, always the same ones, and prints what became of them."""
    fuzz = Fuzz(vocabulary)

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_small(3) | _small(8), st.integers(0, 10**6))
    def drive(schema: dict[str, Any], seed: int) -> None:
        fuzz.one(schema, seed)

    drive()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**fuzz.outcomes, "slowest": fuzz.slowest, "peak_mib": peak}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
