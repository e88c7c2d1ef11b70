"""Warnings with their places on the recording's time line."""

from __future__ import annotations

import pytest

from chassis import evidence
from chassis.reports import Span, WarningReport
from services.speech.summaries.places import clock, placed


def test_a_place_in_a_clip_is_told_on_the_recordings_time_line() -> None:
    (told,) = placed([WarningReport("SPEECH_LEFT_OUT", "no text", "segments", Span(2.0, 4.5))], 3600.0)
    assert (told.place, told.message) == (Span(3602.0, 4.5), "1:00:02.0 to 1:00:06.5: no text")
    (message,) = evidence.warnings([told])
    assert (message.start_offset.ToMilliseconds(), message.end_offset.ToMilliseconds()) == (3602000, 3606500)


def test_a_warning_without_a_place_has_none() -> None:
    (told,) = placed([WarningReport("NO_SPEECH", "nothing")], 3600.0)
    (message,) = evidence.warnings([told])
    assert told.message == "nothing"
    assert not message.HasField("start_offset")
    assert not message.HasField("end_offset")


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.0, "0:00.0"), (59.96, "1:00.0"), (61.25, "1:01.2"), (36000.04, "10:00:00.0")]
)
def test_no_second_is_ever_sixty(seconds: float, written: str) -> None:
    assert clock(seconds) == written
