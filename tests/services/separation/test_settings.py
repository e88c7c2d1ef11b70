"""The separation service's settings: what is refused, and by which words."""

from __future__ import annotations

import pytest

import chassis.settings
from chassis.settings import SettingError
from services.separation.settings import SeparationSettings


def test_a_wrong_value_is_refused_with_the_right_ones() -> None:
    with pytest.raises(SettingError, match="auto, cpu, cuda"):
        chassis.settings.read(SeparationSettings, "SEPARATION", {"SEPARATION_DEVICE": "gpu"})
    with pytest.raises(SettingError, match="1 or more"):
        chassis.settings.read(SeparationSettings, "SEPARATION", {"SEPARATION_THREAD_COUNT": "0"})
