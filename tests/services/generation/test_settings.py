"""The generation service's settings and what its README says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import chassis.settings
from chassis.settings import SettingError
from services.generation.settings import GenerationSettings

README = Path(__file__).parents[3] / "services" / "generation" / "README.md"


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    rows = [line for line in README.read_text().splitlines() if line.startswith("| `GENERATION_")]
    wanted = [
        f"| `{variable}` | `{default}` | {doc} |"
        for variable, default, doc in chassis.settings.describe(GenerationSettings, "GENERATION")
    ]
    assert rows == wanted


def test_a_wrong_value_is_refused_with_the_right_ones() -> None:
    with pytest.raises(SettingError, match="auto, cpu, cuda"):
        chassis.settings.read(GenerationSettings, "GENERATION", {"GENERATION_DEVICE": "gpu"})
    with pytest.raises(SettingError, match="1 or more"):
        chassis.settings.read(GenerationSettings, "GENERATION", {"GENERATION_THREAD_COUNT": "0"})


def test_a_context_that_fills_the_window_is_refused() -> None:
    with pytest.raises(SettingError, match="context_seconds"):
        chassis.settings.read(GenerationSettings, "GENERATION", {"GENERATION_CONTEXT_SECONDS": "30"})
