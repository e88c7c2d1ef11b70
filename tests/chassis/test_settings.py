"""Settings come from the environment, typed, and a bad value is named with what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.settings import SettingError, describe, read, setting


@dataclass(frozen=True)
class Example:
    """Settings of an example."""

    count: int = setting(1, "How many.")
    share: float = setting(0.5, "Which share.")
    fast: bool = setting(False, "Whether to hurry.")
    folder: Path | None = setting(None, "Where.")
    device: str = setting("auto", "Device.", ("auto", "cpu"))
    names: tuple[str, ...] = setting((), "Which.")


def test_defaults_stand_where_nothing_is_set() -> None:
    assert read(Example, "EXAMPLE", {}) == Example()


def test_each_type_is_read() -> None:
    environ = {
        "EXAMPLE_COUNT": "3",
        "EXAMPLE_SHARE": "0.25",
        "EXAMPLE_FAST": "yes",
        "EXAMPLE_FOLDER": "/tmp/x",
        "EXAMPLE_DEVICE": "cpu",
        "EXAMPLE_NAMES": "a, b",
    }
    assert read(Example, "EXAMPLE", environ) == Example(3, 0.25, True, Path("/tmp/x"), "cpu", ("a", "b"))


def test_the_shared_prefix_serves_where_the_own_is_not_set() -> None:
    environ = {"ANTIPHON_COUNT": "7"}
    assert read(Example, "EXAMPLE", environ).count == 7
    assert read(Example, "EXAMPLE", {**environ, "EXAMPLE_COUNT": "8"}).count == 8


@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("EXAMPLE_COUNT", "many", "a whole number"),
        ("EXAMPLE_COUNT", "1.5", "a whole number"),
        ("EXAMPLE_SHARE", "half", "a number"),
        ("EXAMPLE_FAST", "maybe", "true or false"),
        ("EXAMPLE_DEVICE", "gpu", "auto, cpu"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_right(variable: str, value: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(Example, "EXAMPLE", {variable: value})
    assert variable in str(caught.value)
    assert value in str(caught.value)
    assert hint in str(caught.value)


def test_every_setting_is_described() -> None:
    assert ("EXAMPLE_COUNT", "1", "How many.") in describe(Example, "EXAMPLE")
