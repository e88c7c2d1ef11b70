"""The JSON Schema of an answer: checked before a model is asked, and held against what it wrote."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from typing import Any

import jsonschema
from jsonschema.validators import extend
from referencing.jsonschema import EMPTY_REGISTRY

from services.llm_audio.schema import limits
from services.llm_audio.schema.grammar import relaxed
from services.llm_audio.schema.patterns import Pattern
from services.llm_audio.schema.refusal import refused
from services.llm_audio.schema.subschemas import target, walk


class AnswerSchema:
    """A JSON Schema that answers must keep to.

    Args:
        text: The schema, in JSON (draft 2020-12).

    Attributes:
        for_grammar: The schema as a grammar is made of it, in JSON.

    Raises:
        AntiphonError: JSON_SCHEMA where it is no schema, refers to something outside it, or is beyond a limit; see
            :mod:`services.llm_audio.schema.limits`.
    """

    def __init__(self, text: str) -> None:
        document = limits.read(text)
        _check(document)
        self.for_grammar = relaxed(text)
        for _, schema in walk(document):
            # The library would go on with the validator of that name, and its engine of patterns.
            schema.pop("$schema", None)
        self._validator = _Validator(document, registry=EMPTY_REGISTRY)

    def canonical(self, text: str) -> str | None:
        """Gives an answer as canonical JSON; None where it does not keep to the schema."""
        try:
            # A grammar lets raw newlines into strings, which strict JSON does not.
            document = json.loads(text, strict=False, parse_constant=_no_number, parse_float=_number)
            spelled = json.dumps(document, ensure_ascii=False)
            spelled.encode()
            self._validator.validate(document)
        except (ValueError, ArithmeticError, RecursionError, jsonschema.ValidationError):
            return None
        return spelled


def _check(document: Any) -> None:
    """Holds a schema against the schema of schemas, and so what a reference makes one of, wherever that stands."""
    aims = {id(aim): aim for _, each in walk(document) if "$ref" in each for aim in [target(document, each["$ref"])]}
    for each in [document, *aims.values()]:
        try:
            jsonschema.Draft202012Validator.check_schema(each)
        except (jsonschema.SchemaError, RecursionError) as error:
            message = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
            raise refused(f"it is none: {message[:200]}") from error


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _no_number(text: str) -> float:
    raise ValueError(f"{text[:20]} is no number")


@functools.lru_cache(maxsize=256)
def _pattern(text: str) -> Pattern:
    return Pattern(text)


def _keeps_to_pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "string") and not _pattern(pattern).search(instance):
        yield jsonschema.ValidationError(f"does not match {pattern!r}")


def _pattern_properties(validator: Any, named: Any, instance: Any, _: Any) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, schema in named.items():
            for name, value in instance.items():
                if _pattern(pattern).search(name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional(validator: Any, other: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "object"):
        named, patterns = schema.get("properties", {}), [_pattern(each) for each in schema.get("patternProperties", {})]
        for name, value in instance.items():
            if name not in named and not any(pattern.search(name) for pattern in patterns):
                yield from validator.descend(value, other, path=name)


_Validator = extend(
    jsonschema.Draft202012Validator,
    {"pattern": _keeps_to_pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional},
)
"""The library's validator, its patterns matched in linear time."""
