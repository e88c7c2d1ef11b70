"""The settings and their bounds."""

from __future__ import annotations

import pytest

from chassis import settings
from services.speech.settings import SpeechSettings


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
