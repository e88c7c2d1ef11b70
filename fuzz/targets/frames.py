"""What a worker that is taken over may send: a message of ours with every field of its type, or BadFrameError."""

from __future__ import annotations

from antiphon_wire.errors import invalid
from chassis.reports import ProgressReport, WorkReport
from chassis.worker.conversation import pack, to_a_service
from chassis.worker.frames import HEADER, PIECE, BadFrameError
from chassis.worker.messages import Ended, Event
from fuzz.target import FindingError, Target


def _seeds() -> list[bytes]:
    report = WorkReport("engine", None, "cpu", "float32", {"a": "1"}, {}, seed=3)
    rows = {"notes": ({"start": 0.5, "midi": 60}, {"start": 1.5}), "mean": 0.5, "chroma": (0.5, 0.25), "none": None}
    messages = (
        Event(1, ProgressReport(fraction=0.5, step="tempo")),
        Event(2, (report, (1, None, "x", b"y", {"k": (1.5,)}))),
        Event(3, rows),
        Event(4, bytes(17 << 10)),
        Ended(1, 2, 3.0, error=invalid("REASON", "what was wrong", field="config.model", model="x")),
    )
    return [b"".join(pack(message)) for message in messages]


def _accepts(data: bytes) -> bool:
    """Hears a stream of frames, whose sizes a mutation may have made wrong: what is there of a body is taken for it."""
    listener, place, message = to_a_service(ProgressReport | WorkReport), 0, None
    try:
        while place + HEADER.size <= len(data):
            start = place + HEADER.size
            place = start + listener.announced(data[place:start])
            message = listener.add(data[start:place])
    except BadFrameError:
        return False
    if message is None:
        return False
    if not type(message).__module__.startswith("chassis.worker."):
        raise FindingError(f"a {type(message).__name__} was taken for a worker's message")
    # Whoever is given it may write it down or compare it.
    repr(message)
    return True


TARGET = Target(
    "frames",
    _seeds,
    _accepts,
    (
        b"\x00",
        b"\x01\xc0",
        b"\x90",
        b"\x91",
        b"\x81",
        b"\xc1",
        b"\xd4\x01\x00",
        b"\xdd\xff\xff\xff\xff",
        b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xc6\x7f\xff\xff\xff",
        b"\xa5os:system",
        HEADER.pack(PIECE, 4) + b"abcd",
    ),
)
