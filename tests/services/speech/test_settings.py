"""The settings and their bounds, and the fields in the README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from antiphon.speech.v1 import speech_service_pb2 as pb
from chassis import settings
from services.speech.settings import SpeechSettings

README = Path(__file__).parents[3] / "services" / "speech" / "README.md"


@pytest.mark.parametrize(
    "message",
    [
        pb.TranscriptionConfig,
        pb.Segment,
        pb.Word,
        pb.TranscriptionSummary,
        pb.AlignmentConfig,
        pb.AlignedLine,
        pb.AlignmentSummary,
        pb.RenderTranscriptRequest,
    ],
    ids=lambda message: message.DESCRIPTOR.name,
)
def test_every_field_is_described_in_the_readme(message: Any) -> None:
    described = README.read_text(encoding="utf-8").partition("## Fields")[2].partition("\n## ")[0]
    section = next(each for each in described.split("### ") if message.DESCRIPTOR.name in each.partition("\n")[0])
    assert [field.name for field in message.DESCRIPTOR.fields if f"`{field.name}`" not in section] == []


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
