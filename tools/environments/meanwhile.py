"""Tells that something that takes minutes still goes on: how long it has taken, and nothing that nobody knows."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

EVERY_SECONDS = 30.0


@contextmanager
def telling(what: str, how: str = "", every: float = EVERY_SECONDS) -> Iterator[None]:
    """Says on standard error that something begins, at intervals how long it has taken so far, and when it has ended.

    Args:
        what: What goes on, such as ``compiling llama.cpp``.
        how: What to know of it at the beginning; empty for nothing.
        every: Seconds between two lines.
    """
    started = time.monotonic()
    over = threading.Event()

    def tell() -> None:
        while not over.wait(every):
            _say(f"{what}: {_clock(time.monotonic() - started)} so far")

    _say(f"{what}, {how}" if how else what)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        _say(f"{what}: ended after {_clock(time.monotonic() - started)}")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
