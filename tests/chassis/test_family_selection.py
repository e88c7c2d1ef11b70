"""Which model answers a call, and what is said where none can: the same for every family."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.family.selection import Selection
from chassis.models import Manifest

ROW = """
[[models]]
name = "{name}"
engine = "{engine}"
default = {default}
starter = false
revision = "1"
license_spdx = "MIT"
commercial_use = true
summary = "none"
files = []
"""
ENGINES = {"small": "module:Small", "large": "module:Large"}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    rows = [("a", "small", "true"), ("b", "small", "false"), ("c", "large", "true"), ("d", "foreign", "false")]
    path = tmp_path / "speech" / "models.toml"
    path.parent.mkdir()
    path.write_text("".join(ROW.format(name=name, engine=engine, default=default) for name, engine, default in rows))
    return Manifest.load(path)


@pytest.mark.parametrize(
    ("engine", "default_model", "asked", "answers"),
    [
        ("small", "", {}, "a"),
        ("large", "", {}, "c"),
        ("small", "b", {}, "b"),
        ("", "c", {}, "c"),
        ("small", "b", {"engine": "large"}, "c"),
        ("small", "", {"model": "c"}, "c"),
        ("small", "", {"model": "b", "engine": "small"}, "b"),
    ],
)
def test_a_call_is_answered_by_what_it_names_else_by_the_services_own_choice(
    manifest: Manifest, engine: str, default_model: str, asked: dict[str, str], answers: str
) -> None:
    assert Selection("speech", ENGINES, manifest, engine, default_model).choose(**asked).name == answers


@pytest.mark.parametrize(
    ("engine", "default_model", "asked", "answers"),
    [
        ("auto", "", {}, "d"),
        ("auto", "b", {}, "b"),
        ("auto", "", {"engine": "large"}, "c"),
        ("auto", "", {"model": "a"}, "a"),
        ("small", "", {}, "a"),
    ],
)
def test_a_familys_own_rule_chooses_where_neither_the_caller_nor_the_operator_does(
    manifest: Manifest, engine: str, default_model: str, asked: dict[str, str], answers: str
) -> None:
    settings = SimpleNamespace(engine=engine, default_model=default_model)
    engines = {**ENGINES, "foreign": "module:Foreign"}
    assert Selection.of("speech", engines, settings, manifest, lambda: "d").choose(**asked).name == answers


def test_a_familys_own_rule_is_asked_anew_for_each_call(manifest: Manifest) -> None:
    answers = iter("ac")
    selection = Selection("speech", ENGINES, manifest, own=lambda: next(answers))
    assert [selection.choose().name, selection.choose().name] == ["a", "c"]


def test_a_familys_own_rule_may_find_nothing(manifest: Manifest) -> None:
    with pytest.raises(AntiphonError) as caught:
        Selection("speech", ENGINES, manifest, "auto", own=lambda: "").choose()
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "NO_DEFAULT_MODEL")


@pytest.mark.parametrize(
    ("engine", "default_model", "asked", "code", "reason", "field"),
    [
        ("small", "", {"model": "x"}, "INVALID_ARGUMENT", "UNKNOWN_MODEL", "config.model"),
        ("small", "", {"engine": "x"}, "INVALID_ARGUMENT", "UNKNOWN_ENGINE", "config.engine"),
        ("small", "", {"model": "a", "engine": "large"}, "INVALID_ARGUMENT", "ENGINE_OF_MODEL", "config.engine"),
        ("", "", {}, "FAILED_PRECONDITION", "NO_DEFAULT_MODEL", ""),
        ("small", "gone", {}, "FAILED_PRECONDITION", "NO_DEFAULT_MODEL", ""),
        ("small", "", {"model": "d"}, "FAILED_PRECONDITION", "ENGINE_NOT_SERVED", ""),
    ],
)
def test_what_cannot_be_chosen_is_refused_by_who_is_at_fault(
    manifest: Manifest, engine: str, default_model: str, asked: dict[str, str], code: str, reason: str, field: str
) -> None:
    with pytest.raises(AntiphonError) as caught:
        Selection("speech", ENGINES, manifest, engine, default_model).choose(**asked)
    assert (caught.value.code, caught.value.reason, caught.value.field) == (code, reason, field)


@pytest.mark.parametrize(("asked", "helps"), [({}, True), ({"engine": "small"}, False)])
def test_the_services_default_model_is_offered_as_a_remedy_only_where_it_would_answer(
    asked: dict[str, str], helps: bool
) -> None:
    with pytest.raises(AntiphonError, match="name a model in the request") as caught:
        Selection("speech", ENGINES, Manifest("speech", ()), "small").choose(**asked)
    assert ("SPEECH_DEFAULT_MODEL" in caught.value.message) is helps


def test_a_field_of_the_request_is_named_where_the_message_is_nested(manifest: Manifest) -> None:
    with pytest.raises(AntiphonError) as caught:
        Selection("llm_audio", ENGINES, manifest, "small").choose("x", field="config.sides[1]")
    assert caught.value.field == "config.sides[1].model"
