"""What is reported of a recording comes out in the message, and what is not known does not."""

from __future__ import annotations

from chassis import evidence
from chassis.reports import SourceReport, Span, TimeLineReport


def test_late_start_holes_and_track_are_told_to_the_nanosecond() -> None:
    line = TimeLineReport(1.5, (Span(3.25, 0.02),), 2, 0.06)
    report = SourceReport("ogg", "opus", 48_000, 1, 480_000, b"p" * 32, track=1, track_count=3, time_line=line)
    message = evidence.source(report, b"u" * 32)
    assert (message.track, message.track_count, message.hole_count) == (1, 3, 2)
    assert message.late_start.ToNanoseconds() == 1_500_000_000
    assert [hole.start_offset.ToNanoseconds() for hole in message.holes] == [3_250_000_000]
    assert [hole.duration.ToNanoseconds() for hole in message.holes] == [20_000_000]
    assert message.hole_duration.ToNanoseconds() == 60_000_000


def test_a_recording_without_holes_has_no_word_of_them() -> None:
    message = evidence.source(SourceReport("raw", "pcm_s16le", 16_000, 1), b"u" * 32)
    assert {field.name for field, _ in message.ListFields()} == {
        *("upload_sha256", "container", "codec", "sample_rate_hertz", "channel_count")
    }
    assert not message.HasField("track")
