"""Keeps what native code prints out of the log: a grammar that llama.cpp refuses it prints whole."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_KEPT_BYTES = 200
_STREAMS = (1, 2)


@contextmanager
def held_back() -> Iterator[Callable[[], str]]:
    """Sends what the process prints inside the block nowhere; gives a function that tells the first line of it, cut.

    It is the whole process's output, so nothing but the native call belongs inside.
    """
    first = b""
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as printed:
        kept = {stream: os.dup(stream) for stream in _STREAMS}
        try:
            for stream in _STREAMS:
                os.dup2(printed.fileno(), stream)
            yield lambda: first.decode("utf-8", "replace")
        finally:
            for stream, own in kept.items():
                os.dup2(own, stream)
                os.close(own)
            printed.seek(0)
            first = printed.readline(_KEPT_BYTES).strip()
