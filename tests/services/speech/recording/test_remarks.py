"""Remarks on parts of a recording, put together."""

from __future__ import annotations

from chassis.reports import Span
from services.speech.recording.remarks import MOST, Remark, Remarks


def test_remarks_that_lie_together_are_one_with_the_length_of_all_that_was_dropped() -> None:
    remarks = Remarks()
    for start in (1.0, 2.5, 9.0):
        remarks.add(Remark("HALLUCINATION_DROPPED", "only punctuation", start, start + 1.0, 5))
    one, other = remarks.warnings()
    assert (one.place, other.place) == (Span(1.0, 2.5), Span(9.0, 1.0))
    assert one.message == "dropped 10 characters of text: only punctuation"


def test_another_cause_is_another_warning() -> None:
    remarks = Remarks()
    remarks.add(Remark("HALLUCINATION_DROPPED", "only punctuation", 1.0, 2.0, 5))
    remarks.add(Remark("HALLUCINATION_DROPPED", "there is silence", 2.0, 3.0, 5))
    assert [each.place for each in remarks.warnings()] == [Span(1.0, 1.0), Span(2.0, 1.0)]


def test_what_is_beyond_the_most_is_counted_and_none_is_unaccounted() -> None:
    remarks = Remarks()
    for start in range(0, 20 * (MOST + 5), 20):
        remarks.add(Remark("SPEECH_LEFT_OUT", "no text", start, start + 2.0))
    *single, rest = remarks.warnings()
    assert len(single) == MOST
    assert rest.message == "5 more places of this kind, 10 s together"
    assert rest.place == Span(20.0 * MOST, 20.0 * 4 + 2.0)
