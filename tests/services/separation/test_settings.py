"""The separation service's settings and what its README says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import chassis.settings
from chassis.settings import SettingError
from services.separation.settings import SeparationSettings

README = Path(__file__).parents[3] / "services" / "separation" / "README.md"


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    rows = [line for line in README.read_text().splitlines() if line.startswith("| `SEPARATION_")]
    wanted = [
        f"| `{variable}` | `{default}` | {doc} |"
        for variable, default, doc in chassis.settings.describe(SeparationSettings, "SEPARATION")
    ]
    assert rows == wanted


def test_a_wrong_value_is_refused_with_the_right_ones() -> None:
    with pytest.raises(SettingError, match="auto, cpu, cuda"):
        chassis.settings.read(SeparationSettings, "SEPARATION", {"SEPARATION_DEVICE": "gpu"})
    with pytest.raises(SettingError, match="1 or more"):
        chassis.settings.read(SeparationSettings, "SEPARATION", {"SEPARATION_THREAD_COUNT": "0"})
