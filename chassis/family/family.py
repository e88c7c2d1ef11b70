"""What sets one model family apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.models import Store
from chassis.reports import ProgressReport


@dataclass(frozen=True)
class Live:
    """How a family hosts live streams; see :class:`chassis.worker.LiveOptions`.

    Attributes:
        streams: Streams at once.
        processes: Workers for them, beside those for files.
        max_seconds: Length of audio that one stream may have, in seconds.
    """

    streams: int
    processes: int
    max_seconds: float


@dataclass(frozen=True)
class Family:
    """What sets one model family apart.

    Attributes:
        name: Folder, package and prefix, such as ``speech``.
        jobs: ``module:Class`` that runs in the worker.
        settings: The family's own settings; ``thread_count``, where it has one, is handed to the numeric libraries.
        manifest: Path of its models.toml.
        live: How it hosts live streams; None for a family that has none.
        port: Where it listens where no setting says otherwise.
        engines: Its ENGINES table; empty for a family that answers with several models at once.
        compiles: Whether its workers must be able to run a compiler.
        caches: Folders in which its workers keep what they make of weights, all else being closed to them; a relative
            path is one in the model store.
        own: Names the model that the family itself chooses, by what a store has; None for one without such a rule.
        events: The data classes that its jobs yield, a union; a service makes no others of what its workers send.
    """

    name: str
    jobs: str
    settings: Any
    manifest: Path
    live: Live | None = None
    port: int = 0
    engines: Mapping[str, str] = field(default_factory=dict)
    compiles: bool = False
    caches: tuple[Path, ...] = ()
    own: Callable[[Store], str] | None = None
    events: Any = ProgressReport
