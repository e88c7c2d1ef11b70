"""What a worker that is taken over may send: a message of ours with every field of its type, or ForbiddenClassError."""

from __future__ import annotations

from antiphon_wire.errors import invalid
from chassis.reports import ProgressReport, WorkReport
from chassis.worker.messages import Ended, Event
from chassis.worker.pickling import HEADER, ForbiddenClassError, pack, unpack
from fuzz.target import FindingError, Target


def _seeds() -> list[bytes]:
    report = WorkReport("engine", None, "cpu", "float32", {"a": "1"}, {}, seed=3)
    messages = (
        Event(1, ProgressReport(fraction=0.5, step="tempo")),
        Event(2, [report, (1, None, "x", b"y", {"k": [1.5]})]),
        Ended(1, 2, 3.0, error=invalid("REASON", "what was wrong", field="config.model", model="x")),
    )
    return [pack(message)[HEADER.size :] for message in messages]


def _accepts(data: bytes) -> bool:
    try:
        message = unpack(data)
    except ForbiddenClassError:
        return False
    if not type(message).__module__.startswith("chassis.worker."):
        raise FindingError(f"a {type(message).__name__} was taken for a worker's message")
    # Whoever is given it may write it down or compare it.
    repr(message)
    return True


TARGET = Target(
    "pickling",
    _seeds,
    _accepts,
    (
        b"cos\nsystem\n",
        b"\x8c\x02os\x8c\x06system\x93",
        b"R",
        b"b",
        b"\x81",
        b"r\xff\xff\xff\x7f",
        b"\x94",
        b"(",
        b"t",
        b"]",
    ),
)
