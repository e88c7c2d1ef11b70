"""The generation service's settings: what is refused, and by which words."""

from __future__ import annotations

import pytest

import chassis.settings
from chassis.settings import SettingError
from services.generation.settings import GenerationSettings


def test_a_wrong_value_is_refused_with_the_right_ones() -> None:
    with pytest.raises(SettingError, match="auto, cpu, cuda"):
        chassis.settings.read(GenerationSettings, "GENERATION", {"GENERATION_DEVICE": "gpu"})
    with pytest.raises(SettingError, match="1 or more"):
        chassis.settings.read(GenerationSettings, "GENERATION", {"GENERATION_THREAD_COUNT": "0"})


def test_a_context_that_fills_the_window_is_refused() -> None:
    with pytest.raises(SettingError, match="context_seconds"):
        chassis.settings.read(GenerationSettings, "GENERATION", {"GENERATION_CONTEXT_SECONDS": "30"})
