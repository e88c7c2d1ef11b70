"""What a grammar is to hold of a schema: it writes each letter out, so long lengths are left to the validation."""

from __future__ import annotations

import json
from typing import Any

from services.llm_audio.schema.subschemas import walk

MAX_WRITTEN = 1_000
"""Most letters or elements that a grammar writes out one by one."""

_PAIRS = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"))


def written(schema: dict[str, Any]) -> int:
    """Counts what a grammar writes out of one schema: letters, elements, choices."""
    count = 0
    for pair in _PAIRS:
        count += int(min(MAX_WRITTEN, max(_count(schema, name) for name in pair)))
    choices = schema.get("enum")
    return count + (len(choices) if isinstance(choices, list) else 0)


def relaxed(text: str) -> str:
    """Gives the schema, good and bounded, for a grammar: every answer that keeps to the one given keeps to this too."""
    document = json.loads(text)
    for _, schema in walk(document):
        for least, most in _PAIRS:
            if _count(schema, most) > MAX_WRITTEN:
                del schema[most]
            if _count(schema, least) > MAX_WRITTEN:
                schema[least] = MAX_WRITTEN
    return json.dumps(document)


def _count(schema: dict[str, Any], name: str) -> float:
    value = schema.get(name)
    return value if isinstance(value, int | float) else 0
