"""Schemas of answers: bounded and checked before a grammar is made, or refused as JSON_SCHEMA; no answer raises."""

from __future__ import annotations

from antiphon_wire.errors import AntiphonError
from fuzz.target import FindingError, Target
from services.llm_audio.schema.answer import AnswerSchema

_SEEDS = (
    b'{"type": "object", "properties": {"mood": {"enum": ["calm", "tense"]}, "bpm": {"type": "number"}}, '
    b'"required": ["bpm"]}',
    b'{"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 9, '
    b'"$defs": {"tag": {"type": "string", "maxLength": 9}}}',
    b'{"type": "string", "pattern": "^[a-z]+( [a-z]+)*$", "minLength": 1}',
    b'{"anyOf": [{"const": 1}, {"type": "object", "patternProperties": {"^x": {"type": "null"}}, '
    b'"additionalProperties": false}]}',
)
_ANSWERS = (
    '{"mood": "calm", "bpm": 1}',
    '["a"]',
    '"words aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"',
    "1",
    '{"x": null, "y": 1e999}',
)


def _accepts(data: bytes) -> bool:
    try:
        schema = AnswerSchema(data.decode(errors="replace"))
    except AntiphonError as error:
        if (error.code, error.reason) != ("INVALID_ARGUMENT", "JSON_SCHEMA"):
            raise FindingError(f"a refusal is {error.code} {error.reason}") from error
        return False
    for answer in _ANSWERS:
        schema.canonical(answer)
    return True


TARGET = Target(
    "schema",
    lambda: _SEEDS,
    _accepts,
    (
        *(
            b'"$ref": "#"',
            b'"$id": "x"',
            b'"not": {}',
            b'"pattern": "(a+)+$"',
            b'"maxLength": 99999',
            b'{"items":',
            b"[",
        ),
        *(b'"$ref": "#/$defs/tag"', b'"unevaluatedProperties": false', b'"uniqueItems": true', b"true", b"1e300"),
    ),
)
