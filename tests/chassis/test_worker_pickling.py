"""A worker that has been taken over cannot run code in the service through its messages."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle

import pytest

from antiphon_wire.errors import invalid
from chassis.reports import ProgressReport
from chassis.worker import pickling
from chassis.worker.messages import Ended, Event


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
