"""How large a schema may be, before anything is made of it: a few bytes can ask for a grammar of gigabytes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from services.llm_audio.contract.request import MAX_SCHEMA_CHARACTERS
from services.llm_audio.schema import references
from services.llm_audio.schema.patterns import Pattern
from services.llm_audio.schema.refusal import refused
from services.llm_audio.schema.subschemas import NAME_SHOWN, walk

MAX_BYTES = MAX_SCHEMA_CHARACTERS
MAX_DEPTH = 64
"""Most objects and lists within each other."""
MAX_VALUES = 5_000
"""Most values in all: schemas, words, numbers."""
MAX_ENUM = 1_000
MAX_COUNT = 100_000
"""Most that minLength, maxLength, minItems and the like may be."""
MAX_NUMBER, MIN_NUMBER = 2.0**63, 1e-12
"""Largest and smallest number, but for 0."""

COUNTS = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)
# Of these a reference could take its way unseen, or go where it is not looked for.
_UNKNOWN_WAYS = ("$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor")


def read(text: str) -> Any:
    """Reads a schema and holds it against every limit.

    Raises:
        AntiphonError: JSON_SCHEMA, with the path and the limit.
    """
    # What is half a surrogate pair is refused below, with its path.
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise refused(f"it has {size} bytes; give at most {MAX_BYTES}", bytes=size, limit=MAX_BYTES)
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise refused(f"it is none: {str(error)[:200]}") from error
    _check_values(document)
    for path, schema in walk(document):
        _check_schema(path, schema)
    _check_ways(document)
    references.check(document)
    return document


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _check_values(document: Any) -> None:
    for count, (path, depth, value) in enumerate(_values(document), 1):
        if count > MAX_VALUES:
            raise refused(f"it has more than {MAX_VALUES} values; give fewer", limit=MAX_VALUES)
        if depth > MAX_DEPTH:
            raise refused(f"it is nested deeper than {MAX_DEPTH}; give a flatter one", path, limit=MAX_DEPTH)
        if isinstance(value, str) and not _sayable(value):
            raise refused("a text holds half of a surrogate pair; give whole letters", path)
        if isinstance(value, int | float) and not isinstance(value, bool) and not _moderate(value):
            message = f"a number is beyond ±{MAX_NUMBER:g}, or nearer to 0 than {MIN_NUMBER:g}"
            raise refused(f"{message}; give one within", path, limit=MAX_NUMBER)


def _values(document: Any) -> Iterator[tuple[str, int, Any]]:
    """Yields every value and every name, with its path and depth, without recursion."""
    waiting: list[tuple[str, int, Any]] = [("#", 0, document)]
    while waiting:
        path, depth, value = waiting.pop()
        yield path, depth, value
        if isinstance(value, dict):
            for name, each in value.items():
                yield path, depth, name
                waiting.append((f"{path}/{name[:NAME_SHOWN]}", depth + 1, each))
        elif isinstance(value, list):
            waiting += [(f"{path}/{index}", depth + 1, each) for index, each in enumerate(value)]


def _sayable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _moderate(value: float) -> bool:
    # A comparison, for an integer of many digits cannot be made a float.
    return value == 0 or (MIN_NUMBER <= abs(value) <= MAX_NUMBER and math.isfinite(value))


def _check_schema(path: str, schema: dict[str, Any]) -> None:
    for keyword in COUNTS:
        value = schema.get(keyword)
        if isinstance(value, int | float) and value > MAX_COUNT:
            raise refused(f"{keyword} is {value:g}; give at most {MAX_COUNT}", path, limit=MAX_COUNT)
    choices = schema.get("enum")
    if isinstance(choices, list) and len(choices) > MAX_ENUM:
        message = f"enum has {len(choices)} values; give at most {MAX_ENUM}"
        raise refused(message, f"{path}/enum", limit=MAX_ENUM)
    if isinstance(pattern := schema.get("pattern"), str):
        Pattern(pattern, f"{path}/pattern")
    named = schema.get("patternProperties")
    for pattern in named if isinstance(named, dict) else ():
        Pattern(pattern, f"{path}/patternProperties")


def _check_ways(document: Any) -> None:
    """Refuses names and references that could lead past what was looked at."""
    schemas = list(walk(document))
    for path, schema in schemas:
        for keyword in _UNKNOWN_WAYS:
            if keyword in schema:
                raise refused(f"{keyword} is not known here; refer by $ref and #/…", path)
        if "$id" in schema and schema is not document:
            raise refused("$id stands at the top alone; leave it out", path)
    # Which members are evaluated is found out by the library, with an engine of patterns that can take for ever.
    if any("unevaluatedProperties" in each for _, each in schemas):
        for path, schema in schemas:
            if "patternProperties" in schema:
                raise refused("patternProperties and unevaluatedProperties together are too much; give one", path)
