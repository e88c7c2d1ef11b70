"""What a worker that was taken over may send: frames of any scalars, and rows that no message of ours makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack

from chassis.reports import ProgressReport
from chassis.worker import plain
from chassis.worker.frames import HEADER, MAX_TOKENS, MESSAGE, PIECE

READY, EVENT, TAKEN, ENDED = range(4)
"""The numbers of what a worker says, in the order of :data:`chassis.worker.conversation._OF_A_WORKER`."""
SCALAR, BYTES, FLOATS, INTS, ROW, MAPPING, TABLE, CLASS = range(8)
"""The kinds of :mod:`chassis.worker.plain`."""
PROGRESS = plain.name_of(ProgressReport)


def frame(body: bytes, kind: int = MESSAGE) -> bytes:
    """A frame around any bytes."""
    return HEADER.pack(kind, len(body)) + body


def row(*tokens: Any) -> bytes:
    """A body of these scalars; containers among them too, where an attack wants some."""
    return b"".join(msgpack.packb(token) for token in tokens)


def ended(
    job: int, rss: Any = 1, seconds: Any = 0.0, *error: Any, fault: Any = "", loads: tuple[Any, ...] = (0,)
) -> bytes:
    """An end of a job with any scalars in its fields; ``error`` and ``loads`` as scalars, none for none."""
    return frame(row(ENDED, job, rss, seconds, False, *(error or (1, None)), fault, *loads))


def event(job: int, *payload: Any) -> bytes:
    """An event with any scalars for its payload."""
    return frame(row(EVENT, job, *payload))


def progress(fraction: Any) -> tuple[Any, ...]:
    """The scalars of a report of progress with any fraction."""
    return (CLASS, PROGRESS, 0, fraction, 1, None, "", False, 1, None)


FORGERIES: dict[str, Callable[[int], bytes]] = {
    "a size that is a word": lambda job: ended(job, "x"),
    "a size below nothing": lambda job: ended(job, -1),
    "a time that is no number": lambda job: ended(job, 1, float("nan")),
    "an error that is none": lambda job: ended(job, 1, 0.0, 0, "no"),
    "an error with a number in its words": lambda job: ended(job, 1, 0.0, 0, "INTERNAL", "X", 3, 0, "", 1, None),
    "an error that may be tried again never": lambda job: ended(
        job, 1, 0.0, 0, "INTERNAL", "X", "y", 0, "", 0, float("inf")
    ),
    "a fault that is bytes": lambda job: ended(job, fault=b"x"),
    "a load without an end": lambda job: ended(job, loads=(1, "tiny", float("inf"))),
    "a load that took a word": lambda job: ended(job, loads=(1, "tiny", "long")),
    "more loads than there are": lambda job: ended(job, loads=(2, "tiny", 1.0)),
    "the end of another job": lambda job: ended(job + 1),
    "a second beginning": lambda job: frame(row(READY, 1, 1, "", 1, None, "", 0)),
    "no message": lambda job: frame(row("Ended", job)),
    "a message of the service": lambda job: frame(row(4, job)),
    "progress that is a word": lambda job: event(job, *progress("x")),
    "a data class that is not expected": lambda job: event(job, CLASS, "chassis.worker.messages:Cancel", job),
    "a pickle": lambda job: frame(b"cos\nsystem\n(S'true'\ntR."),
    "a name of the system": lambda job: event(job, CLASS, "os:system", "true"),
    "a field too many": lambda job: event(job, *progress(0.5), None),
    "a field too few": lambda job: event(job, *progress(0.5)[:-1]),
    "a list": lambda job: event(job, SCALAR, []),
    "a list of lists without an end": lambda job: frame(b"\x91" * 100_000),
    "an extension": lambda job: frame(row(EVENT, job, SCALAR) + b"\xd4\x01\x00"),
    "more parts than a message has": lambda job: frame(b"\xc0" * (MAX_TOKENS + 1)),
    "a size of a thousand million": lambda job: frame(b"\xc6\xff\xff\xff\xff"),
    "a frame of four thousand million": lambda job: HEADER.pack(MESSAGE, 2**32 - 1),
    "a piece of sixteen million": lambda job: HEADER.pack(PIECE, 16_000_000),
    "pieces without an end": lambda job: frame(b"x", PIECE) * 5_000,
    "a piece that nobody names": lambda job: frame(b"x", PIECE) + event(job, SCALAR, 5),
    "bytes that never went ahead": lambda job: event(job, BYTES, 1_000),
    "an empty frame": lambda job: frame(b""),
    "a frame of an unknown kind": lambda job: frame(row(1), 7),
}
"""By what it says of the job; each kills its worker."""
