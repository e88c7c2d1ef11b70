"""The settings, their bounds, and their table in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis import settings
from services.speech.settings import SpeechSettings

README = Path(__file__).parents[3] / "services" / "speech" / "README.md"


@pytest.mark.parametrize("row", settings.describe(SpeechSettings, "SPEECH"), ids=lambda row: row[0])
def test_every_setting_has_its_row_in_the_readme(row: tuple[str, str, str]) -> None:
    variable, default, doc = row
    cell = f"`{default}` " if default else ""
    assert f"| `{variable}` | {cell}| {doc} |" in README.read_text(encoding="utf-8")


def test_the_readme_has_no_setting_that_is_not_there() -> None:
    listed = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `SPEECH_")]
    assert len(listed) == len(settings.describe(SpeechSettings, "SPEECH"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SPEECH_THREAD_COUNT", "0"),
        ("SPEECH_WINDOW_SECONDS", "4"),
        ("SPEECH_WINDOW_SECONDS", "nan"),
        ("SPEECH_DEVICE", "nvidia"),
        ("SPEECH_COMPUTE_TYPE", "int4"),
        ("SPEECH_ENGINE", "faster-wisper"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(settings.SettingError) as caught:
        settings.read(SpeechSettings, "SPEECH", {variable: value})
    assert variable.removeprefix("SPEECH_").lower() in str(caught.value).lower()
