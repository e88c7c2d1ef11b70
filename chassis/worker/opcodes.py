"""Looks through a pickle before it is loaded: only what our own pickler writes, and no more parts than a message has.

Loading does what it is told on the way: an index of a thousand million makes a memo of that size out of nine bytes, and
a state that is set on what is no data builds chains that overflow the stack when they are freed. Nothing of the kind is
in what protocol 5 writes of plain data.
"""

from __future__ import annotations

import re

MAX_PARTS = 4_000_000
"""Parts of one message beside numbers: strings, lists, data classes. An hour of notes has a tenth of it."""

# Numbers, None and truth values come by the million; a run of them is passed over at once.
_NUMBERS = re.compile(rb"(?:[N\x88\x89]|K.|M..|J.{4}|G.{8})++", re.DOTALL)
# STOP is not among them: it ends the look.
_ALONE = frozenset(b"()]}\x8f\x85\x86\x87taesu\x90\x91\x93R\x9401")
# PROTO and BINGET have one byte after them, LONG_BINGET four, FRAME eight.
_FOLLOWED = {0x80: 1, ord("h"): 1, ord("j"): 4, 0x95: 8}
# Strings, bytes and long integers say in so many bytes how many follow.
_COUNTED = {0x8C: 1, ord("X"): 4, 0x8D: 8, ord("C"): 1, ord("B"): 4, 0x8E: 8, 0x96: 8, 0x8A: 1, 0x8B: 4}
_STOP = ord(".")


class StrangePickleError(ValueError):
    """A pickle holds what our own pickler never writes."""


def look_through(body: bytes) -> None:
    """Reads a pickle's operations without doing any of them.

    Raises:
        StrangePickleError: one of them is not ours, there are too many, or the pickle does not end where it says.
    """
    place, end = 0, len(body)
    for _ in range(MAX_PARTS):
        if (run := _NUMBERS.match(body, place)) is not None:
            place = run.end()
        if place >= end:
            break
        operation = body[place]
        place += 1
        if operation in _ALONE:
            continue
        if operation == _STOP:
            if place != end:
                raise StrangePickleError("it goes on after its end")
            return
        if (size := _COUNTED.get(operation)) is not None:
            place += size + int.from_bytes(body[place : place + size], "little")
        elif (size := _FOLLOWED.get(operation)) is not None:
            place += size
        else:
            raise StrangePickleError(f"operation {operation:#04x}")
    raise StrangePickleError("it has no end" if place >= end else f"more than {MAX_PARTS} parts")
