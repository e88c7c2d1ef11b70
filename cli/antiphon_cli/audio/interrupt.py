"""Ctrl-C as the end of live audio, and not of the program."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_by_interrupt(stop: threading.Event, wanted: bool) -> Iterator[None]:
    """Has the first Ctrl-C within the block set ``stop``; the next one does what it did before.

    Args:
        stop: What ends the audio.
        wanted: Whether the audio has no end of its own; without one Ctrl-C keeps its meaning.
    """
    # Python allows only the main thread to set handlers; elsewhere Ctrl-C keeps its meaning.
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
