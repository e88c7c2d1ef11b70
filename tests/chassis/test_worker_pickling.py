"""A worker that has been taken over cannot run code in the service through its messages."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle

import pytest

from antiphon_wire.errors import invalid
from chassis.reports import ProgressReport, WorkReport
from chassis.worker import pickling
from chassis.worker.messages import Ended, Event
from chassis.worker.opcodes import look_through


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def test_our_own_messages_pass() -> None:
    message = Event(1, ProgressReport(fraction=0.5, step="tempo"))
    assert pickling.unpack(pickling.pack(message)[pickling.HEADER.size :]) == message


@dataclasses.dataclass(frozen=True)
class Stranger:
    """A data class that is not ours."""

    value: int = 1


def body(message: object) -> bytes:
    return pickling.pack(message)[pickling.HEADER.size :]


def test_a_data_class_of_somebody_else_is_refused() -> None:
    with pytest.raises(pickling.ForbiddenClassError):
        pickling.unpack(body(Stranger()))


def test_a_class_cannot_be_changed_by_a_message() -> None:
    with contextlib.suppress(pickling.ForbiddenClassError):
        pickling.unpack(b"cchassis.worker.messages\nEnded\nN}X\x05\x00\x00\x00errorX\x05\x00\x00\x00OWNEDs\x86b.")
    assert Ended(1, 2, 3.0).error is None


@pytest.mark.parametrize("cut", [0, 1, 10])
def test_a_body_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(pickling.ForbiddenClassError):
        pickling.unpack(body(Event(1, ProgressReport()))[:cut])


def test_a_field_that_a_class_does_not_have_is_refused() -> None:
    forged = body(ProgressReport()).replace(b"fraction", b"fractiom")
    with pytest.raises(pickling.ForbiddenClassError):
        pickling.unpack(forged)


def test_an_error_passes_inside_a_message() -> None:
    message = Ended(1, 2, 3.0, error=invalid("X", "y"))
    assert pickling.unpack(pickling.pack(message)[pickling.HEADER.size :]).error.reason == "X"


@pytest.mark.parametrize(
    "payload",
    [
        pickle.dumps(Hostile()),
        b"cos\nsystem\n(S'true'\ntR.",
        b"cchassis.worker.frames\nimportlib\n.",
        b"cchassis.worker.child\nmain\n.",
        b"\x80\x04\x8c\x0fchassis.errors.\x8c\x04eval\x93.",
    ],
    ids=["os.system by reduce", "os.system by global", "a module of ours", "a function of ours", "a made-up name"],
)
def test_anything_but_data_is_refused(payload: bytes) -> None:
    with pytest.raises(pickling.ForbiddenClassError):
        pickling.unpack(payload)


def test_a_part_that_is_named_again_and_again_is_looked_at_once() -> None:
    made: list[object] = ["x"]
    for _ in range(100):
        made = [made, made]  # 2^100 where each is looked at each time
    assert pickling.unpack(body(Event(1, made))).job_id == 1


def test_a_list_that_holds_itself_is_read_without_an_end_of_the_stack() -> None:
    made: list[object] = []
    made.append(made)
    assert pickling.unpack(body(Event(1, made))).job_id == 1


def test_a_whole_number_passes_for_a_float_and_a_list_for_a_tuple() -> None:
    report = WorkReport("e", None, "cpu", "float32", {"a": "1"}, {}, seed=3)
    for payload in (ProgressReport(fraction=1), report, [0.5] * 10_000, (1, None, "x", b"y", {"k": [1.5]})):
        assert pickling.unpack(body(Event(1, payload))).payload == payload


def test_a_wrong_value_deep_in_a_payload_is_refused() -> None:
    for payload in (
        WorkReport("e", None, "cpu", "float32", {"a": 1}),  # type: ignore[dict-item]
        WorkReport("e", ProgressReport(), "cpu", "float32"),  # type: ignore[arg-type]
        [(ProgressReport(step=None),)],  # type: ignore[arg-type]
    ):
        with pytest.raises(pickling.ForbiddenClassError):
            pickling.unpack(body(Event(1, payload)))


def test_more_parts_than_a_message_has_are_refused_before_they_are_built() -> None:
    with pytest.raises(pickling.ForbiddenClassError):
        pickling.unpack(b"\x80\x05(" + b"]" * 5_000_000 + b"l.")


def test_what_our_own_pickler_writes_of_plain_data_passes_the_look_beforehand() -> None:
    shared = ["again"]
    numbers = [-1, 300, 70_000, 1 << 40, 1 << 9000, 0.5, True, None]
    words = ["é" * 300, b"z" * 300, bytearray(b"x"), "s" * 70_000, {1}, frozenset({2}), shared, shared]
    groups = [tuple(range(count)) for count in range(6)]
    payload = [*numbers, *words, *groups, {}, {"k": 1}, {"k": 1, "l": 2}, [[]] * 1500]
    look_through(body(payload))
