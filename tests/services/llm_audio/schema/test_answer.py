"""Schemas: what is beyond a limit is refused with its path, what is harmless works, and no text takes long to check."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from antiphon_wire.errors import AntiphonError
from services.llm_audio.schema.answer import AnswerSchema

LETTERS = "a" * 34 + "!"
NODE = {"$ref": "#/$defs/node"}


def schema(document: Any) -> AnswerSchema:
    return AnswerSchema(json.dumps(document))


def doubled(levels: int) -> dict[str, Any]:
    """Each level refers to the next one twice: a line a level, and twice as many ways with each."""
    twice = {f"a{n}": {"anyOf": [{"type": "array", "items": {"$ref": f"#/$defs/a{n + 1}"}}] * 2} for n in range(levels)}
    return {"$defs": {**twice, f"a{levels}": {"type": "null"}}, "$ref": "#/$defs/a0"}


BEYOND: dict[str, tuple[Any, str]] = {
    "long": ({"type": "string", "maxLength": 1_000_000}, "#"),
    "least length": ({"type": "string", "minLength": 20_000_000}, "#"),
    "items": ({"items": {"type": "array", "items": {}, "minItems": 5_000_000}}, "#/items"),
    "enum": ({"enum": list(range(2000))}, "#/enum"),
    "counts of counts": ({"properties": {"a": {"pattern": "^((((a{9}){9}){9}){9}){9}$"}}}, "#/properties/a/pattern"),
    "long pattern": ({"pattern": "a" * 1001}, "#/pattern"),
    "groups": ({"pattern": "(" * 30 + ")" * 30}, "#/pattern"),
    "looking ahead": ({"pattern": "^(?=a)a$"}, "#/pattern"),
    "looking back": ({"pattern": r"^(a)\1$"}, "#/pattern"),
    "number": ({"minimum": 10**300}, "#/minimum"),
    "small number": ({"multipleOf": 1e-300}, "#/multipleOf"),
    "half a pair": ({"const": "\ud800"}, "#/const"),
    "other document": ({"items": {"$ref": "file:///etc/passwd"}}, "#/items"),
    "nowhere": ({"$ref": "#/$defs/none"}, "#"),
    "itself": ({"$ref": "#"}, "#"),
    "itself among others": ({"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "#"),
    "other name": ({"items": {"$id": "http://x/", "$ref": "#/b"}, "b": {}}, "#/items"),
    "anchor": ({"items": {"$dynamicAnchor": "a"}}, "#/items"),
    "doubled": (doubled(20), "#/$defs/a10"),
    "recursion on two ways": (
        {"$defs": {"node": {"anyOf": [{"type": "array", "items": NODE}] * 2}}, "items": NODE},
        "#/$defs/node",
    ),
    "recursion by every member": ({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}}, "#"),
    "unevaluated": ({"items": {"patternProperties": {"a": {}}}, "unevaluatedProperties": False}, "#/items"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_limit_is_refused_at_its_path(name: str) -> None:
    document, path = BEYOND[name]
    began = time.monotonic()
    with pytest.raises(AntiphonError, match="JSON_SCHEMA") as caught:
        schema(document)
    assert (caught.value.code, caught.value.field) == ("INVALID_ARGUMENT", "config.json_schema")
    assert caught.value.metadata["path"] == path
    assert len(caught.value.message) < 500
    assert time.monotonic() - began < 2.0, "a limit against hanging"


@pytest.mark.parametrize("opening", ['{"anyOf":[', '{"not":'])
def test_a_schema_nested_too_deep_is_refused(opening: str) -> None:
    for depth in (70, 900, 50_000):
        with pytest.raises(AntiphonError, match="JSON_SCHEMA"):
            AnswerSchema(opening * depth + "{}" + ("]}" if "[" in opening else "}") * depth)


def test_many_schemas_are_refused_and_so_are_many_bytes() -> None:
    with pytest.raises(AntiphonError, match="1000 schemas"):
        schema({"anyOf": [{"type": "null"}] * 1200})
    with pytest.raises(AntiphonError, match="5000 values"):
        schema({"anyOf": [{}] * 6000})
    with pytest.raises(AntiphonError, match="65536"):
        schema({"const": "a" * 70_000})


def test_a_schema_hidden_where_no_schema_stands_is_held_to_the_limits_too() -> None:
    with pytest.raises(AntiphonError, match="JSON_SCHEMA") as caught:
        schema({"$ref": "#/examples/0", "examples": [{"maxLength": 10**7}]})
    assert caught.value.metadata["limit"] == "100000"


@pytest.mark.parametrize("length", [200, 2000, 10_000])
def test_a_long_text_is_allowed_and_its_length_held_when_it_is_written(length: int) -> None:
    each = schema({"type": "string", "maxLength": length})
    assert each.canonical(json.dumps("a" * length)) is not None
    assert each.canonical(json.dumps("a" * (length + 1))) is None
    assert ("maxLength" in each.for_grammar) is (length <= 1000)


def test_every_answer_of_the_schema_keeps_to_that_of_the_grammar() -> None:
    full = {"type": "array", "minItems": 2000, "maxItems": 3000, "items": {"type": "string", "minLength": 5000}}
    loose = json.loads(schema(full).for_grammar)
    assert loose == {"type": "array", "minItems": 1000, "items": {"type": "string", "minLength": 1000}}


@pytest.mark.parametrize(
    "document",
    [
        {"type": "string", "const": LETTERS, "not": {"pattern": "^(a+)+$"}},
        {"not": {"patternProperties": {"^(a+)+$": {"type": "null"}}}},
        {"additionalProperties": False, "patternProperties": {"^(a|a)*$": {}, "!": {}}},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "not": {"pattern": "^(a|aa)+$"}},
    ],
    ids=["const", "names", "others", "dialect"],
)
def test_a_pattern_that_tries_every_way_in_other_engines_takes_no_time(document: Any) -> None:
    each, began = schema(document), time.monotonic()
    each.canonical(json.dumps(LETTERS))
    each.canonical(json.dumps({LETTERS: 1}))
    assert time.monotonic() - began < 2.0, "a limit against hanging: Python's engine takes hours"


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("^[0-9]{4}-[0-9]{2}$", "2024-05", "2024-5"),
        ("^(a|b)$", "b", "ab"),
        ("ell", "hello", "help"),
        ("^a/b", "a/bc", "xa/b"),
        (r"^[^/\]]+$", "äö", "a]"),
        (r"^\$\^$", "$^", "$"),
        (r"^\d+$", "123", "1a"),
    ],
)
def test_a_pattern_finds_what_it_says(pattern: str, good: str, bad: str) -> None:
    each = schema({"pattern": pattern})
    assert each.canonical(json.dumps(good)) is not None
    assert each.canonical(json.dumps(bad)) is None


def test_members_by_pattern_and_all_others_are_held_to_their_schemas() -> None:
    each = schema({"patternProperties": {"^x_": {"type": "number"}}, "additionalProperties": {"type": "string"}})
    assert each.canonical('{"x_a": 1, "b": "c"}') is not None
    assert each.canonical('{"x_a": "1"}') is None
    assert each.canonical('{"b": 1}') is None


@pytest.mark.parametrize(
    "document",
    [
        {"$defs": {"node": {"properties": {"left": NODE, "right": NODE}}}, "$ref": "#/$defs/node"},
        {
            "$defs": {
                "node": {
                    "anyOf": [
                        {"type": "string"},
                        {"type": "array", "items": NODE},
                        {"type": "object", "additionalProperties": NODE},
                    ]
                }
            },
            "$ref": "#/$defs/node",
        },
    ],
    ids=["tree", "any JSON"],
)
def test_a_schema_may_come_back_to_itself_where_one_letter_tells_the_way(document: Any) -> None:
    assert schema(document).canonical('{"left": {"left": {}}, "right": {}}') is not None


@pytest.mark.parametrize("answer", ["1e999", "NaN", "-Infinity", '"\\ud800"', "9" * 5000, "[" * 5000, ""])
def test_an_answer_that_is_no_json_to_others_has_none(answer: str) -> None:
    assert schema({}).canonical(answer) is None


def test_a_number_of_many_digits_divided_by_a_part_has_no_json() -> None:
    assert schema({"multipleOf": 0.5}).canonical("9" * 400) is None
