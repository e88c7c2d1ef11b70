"""Where a JSON Schema holds schemas, and which part of a document each is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from services.llm_audio.schema.refusal import refused

SAME, OBJECT, ARRAY, NOWHERE = "same", "object", "array", "nowhere"
"""What a subschema is about: the value itself, a member of it, an element of it, or nothing until it is referred to."""

_SINGLES = {
    "not": SAME,
    "if": SAME,
    "then": SAME,
    "else": SAME,
    "additionalProperties": OBJECT,
    "unevaluatedProperties": OBJECT,
    "propertyNames": OBJECT,
    "items": ARRAY,
    "contains": ARRAY,
    "unevaluatedItems": ARRAY,
    "contentSchema": NOWHERE,
}
_LISTS = {"allOf": SAME, "anyOf": SAME, "oneOf": SAME, "prefixItems": ARRAY}
_MAPS = {
    "dependentSchemas": SAME,
    "properties": OBJECT,
    "patternProperties": OBJECT,
    "$defs": NOWHERE,
    "definitions": NOWHERE,
}

NAME_SHOWN = 40
"""Most letters of a name that a path shows: every schema under a long one would hold it again."""


@dataclass(frozen=True)
class Part:
    """A schema within another one.

    Attributes:
        keyword: Under which it stands; ``$ref`` for one that is referred to.
        about: One of SAME, OBJECT, ARRAY, NOWHERE.
        path: JSON pointer with ``#`` before it.
        schema: An object; True and False hold no schemas.
    """

    keyword: str
    about: str
    path: str
    schema: dict[str, Any]


def parts(document: Any, schema: dict[str, Any], path: str) -> Iterator[Part]:
    """Yields the schemas that a schema holds, and the one it refers to.

    Raises:
        AntiphonError: JSON_SCHEMA where a reference leads nowhere.
    """
    for keyword, value in schema.items():
        below = f"{path}/{keyword}"
        if keyword == "$ref":
            yield from _only(keyword, SAME, str(value), target(document, value, path))
        elif keyword in _SINGLES:
            yield from _only(keyword, _SINGLES[keyword], below, value)
        elif keyword in _LISTS and isinstance(value, list):
            for index, each in enumerate(value):
                yield from _only(keyword, _LISTS[keyword], f"{below}/{index}", each)
        elif keyword in _MAPS and isinstance(value, dict):
            for name, each in value.items():
                yield from _only(keyword, _MAPS[keyword], f"{below}/{name[:NAME_SHOWN]}", each)


def _only(keyword: str, about: str, path: str, value: Any) -> Iterator[Part]:
    if isinstance(value, dict):
        yield Part(keyword, about, path, value)


def walk(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields each schema of a document once with its path: what it holds, and what it refers to, wherever that stands.

    Raises:
        AntiphonError: JSON_SCHEMA where a reference leads nowhere.
    """
    waiting = [("#", document)] if isinstance(document, dict) else []
    seen = {id(document)}
    while waiting:
        path, schema = waiting.pop()
        yield path, schema
        for part in parts(document, schema, path):
            if id(part.schema) not in seen:
                seen.add(id(part.schema))
                waiting.append((part.path, part.schema))


def target(document: Any, reference: Any, path: str = "#") -> Any:
    """Gives what a reference refers to.

    Raises:
        AntiphonError: JSON_SCHEMA where it leaves the schema or leads nowhere.
    """
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        message = f"it refers to {str(reference)[:80]!r}; references stay within the schema (#/…)"
        raise refused(message, path, reference=str(reference)[:80])
    found = document
    for word in reference.split("/")[1:]:
        name = unquote(word).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            message = f"it refers to {reference[:80]!r}, where nothing is"
            raise refused(message, path, reference=reference[:80]) from None
    return found
