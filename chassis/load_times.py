"""How long models took to load, noted where they are loaded and told with the next word to the service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.reports import LoadReport

_noted: list[LoadReport] = []


@contextmanager
def timed(model: str) -> Iterator[None]:
    """Notes how long the block takes to load a model; nothing where it fails."""
    began = time.monotonic()
    yield
    _noted.append(LoadReport(model, time.monotonic() - began))


def take() -> tuple[LoadReport, ...]:
    """Gives what was noted since this was last asked."""
    taken = tuple(_noted)
    _noted.clear()
    return taken
