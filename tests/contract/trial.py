"""Puts an engine to work as a worker does: a store with its tiny model, the family's Jobs, a task, and what came of it.

There is no gRPC and no process: what is asked is what the engine does, and a worker adds nothing to that.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from antiphon_wire.errors import Cancelled
from chassis.audio import RawPcm, Source
from chassis.models import Manifest, Model, Store
from chassis.models.model import File
from chassis.reports import ProgressReport
from tests.contract.specimen import ABSENT, BROKEN, SPECIMEN, TWIN, Specimen

ROOT = Path(__file__).resolve().parents[2]
JUNK = b"this is not what the engine reads"


def families() -> list[str]:
    """Every family that has engines."""
    return sorted(path.parents[1].name for path in (ROOT / "services").glob("*/engines/__init__.py"))


def engines_of(family: str) -> dict[str, str]:
    """The ENGINES table of a family: importing it imports no engine."""
    table = importlib.import_module(f"services.{family}.engines").ENGINES
    assert isinstance(table, dict)
    return table


def specimens_of(family: str) -> dict[str, Specimen]:
    """The specimens of a family by engine; none where it has no file of them.

    A further specimen of the same engine has a word behind it, such as ``demucs+openvino``.
    """
    if not (ROOT / "tests" / "contract" / "specimens" / f"{family}.py").is_file():
        return {}
    found = importlib.import_module(f"tests.contract.specimens.{family}").SPECIMENS
    assert isinstance(found, dict)
    return found


def engines() -> list[tuple[str, str]]:
    """Every engine of every family: (family, engine)."""
    return [(family, engine) for family in families() for engine in engines_of(family)]


def cases() -> list[tuple[str, str]]:
    """Every specimen of every engine, and every engine without one: (family, name)."""
    found = []
    for family, engine in engines():
        names = [name for name in specimens_of(family) if engine_of(name) == engine]
        found += [(family, name) for name in names or [engine]]
    return found


def engine_of(name: str) -> str:
    """The engine that a specimen is of."""
    return name.partition("+")[0]


@dataclass
class ScriptedTask:
    """A call whose caller gives it up at one of its checkpoints, or never.

    Attributes:
        source: Its audio; None for a call without.
        stop_at: Number of the checkpoint that cancels, and all after it; None for none.
        calls: Checkpoints so far.
    """

    source: Source | None
    stop_at: int | None = None
    calls: int = 0

    def checkpoint(self) -> None:
        """Counts, and raises Cancelled from the one on at which the caller gives up."""
        self.calls += 1
        if self.stop_at is not None and self.calls >= self.stop_at:
            raise Cancelled


@dataclass
class Run:
    """One call: its task, and what it yielded until it ended, one way or the other."""

    task: ScriptedTask
    events: list[Any] = field(default_factory=list)


class Trial:
    """One engine with its tiny model, and a folder for what is written.

    Args:
        family: Name of the family.
        name: Of the specimen.
        folder: An empty folder.
    """

    def __init__(self, family: str, name: str, folder: Path) -> None:
        self.family, self.engine, self._folder = family, engine_of(name), folder
        self.specimen = specimens_of(family)[name]

    def missing(self) -> list[str]:
        """Names the libraries of the engine that this environment does not have."""
        return [name for name in self.specimen.libraries if not _has(name)]

    @cached_property
    def contents(self) -> Mapping[str, bytes]:
        """The tiny model's files by name, made once."""
        if self.specimen.files is None:
            return {}
        (self._folder / "made").mkdir()
        return self.specimen.files(self._folder / "made")

    def stock(self, name: str, broken: str = "") -> Store:
        """Makes a store of that name with the models that specimen.py names.

        Args:
            name: Of its folder.
            broken: File of the model BROKEN that is something else.
        """
        junk = {**self.contents, broken: JUNK} if broken else self.contents
        rows = [self._row(SPECIMEN, self.contents), self._row(TWIN, self.contents), self._row(BROKEN, junk)]
        absent = self._row(ABSENT, {"weights": b"nobody installed these"})
        store = Store(self._folder / name, Manifest(self.family, (*rows, absent)))
        store.blobs.folder.mkdir(parents=True)
        for data in (*self.contents.values(), JUNK):
            store.blobs.path(hashlib.sha256(data).hexdigest()).write_bytes(data)
        return store

    def _row(self, name: str, contents: Mapping[str, bytes]) -> Model:
        files = tuple(File(file, len(data), hashlib.sha256(data).hexdigest()) for file, data in contents.items())
        return Model(name, self.family, self.engine, name == SPECIMEN, False, "seeded", "CC0-1.0", True, files)

    def jobs(self, store: Store, **settings: Any) -> Any:
        """Makes the family's Jobs on a store; settings by name replace the specimen's."""
        made = importlib.import_module(f"services.{self.family}.job").Jobs
        return made(replace(self.specimen.settings, **settings), store)

    def start(self, stop_at: int | None = None, samples: np.ndarray | None = None) -> Run:
        """Makes a call with the specimen's audio, or other audio, that has not begun."""
        if samples is None and self.specimen.samples is not None:
            samples = self.specimen.samples()
        if samples is None:
            return Run(ScriptedTask(None, stop_at))
        path = self._folder / f"{samples.shape[0]}x{samples.shape[1]}.f32"
        path.write_bytes(samples.T.astype("<f4").tobytes())
        raw = RawPcm("f32le", self.specimen.sample_rate, samples.shape[0])
        return Run(ScriptedTask(Source(path, raw=raw), stop_at))

    def finish(self, jobs: Any, run: Run, request: Any = None) -> Run:
        """Has ``jobs`` do the call, the specimen's own where no request is given; what it raises goes on."""
        asked = self.specimen.ask(SPECIMEN) if request is None else request
        for event in getattr(jobs, self.specimen.verb)(run.task, asked):
            run.events.append(event)
        return run

    def run(self, jobs: Any, request: Any = None) -> Run:
        """Has ``jobs`` do a call to its end."""
        return self.finish(jobs, self.start(), request)

    def told(self, run: Run) -> list[Any]:
        """The events of a call without those that say something is being loaded, and without times."""
        kept = [event for event in run.events if not (isinstance(event, ProgressReport) and event.loading)]
        told = (self.specimen.timeless(_untimed(event)) for event in kept)
        return [event for event in told if event is not None]

    @cached_property
    def store(self) -> Store:
        """The store that most questions share."""
        return self.stock("models")

    @cached_property
    def shared(self) -> Any:
        """Jobs that most questions share, the engine loaded by the first call."""
        return self.jobs(self.store)

    @cached_property
    def first(self) -> Run:
        """The first call of the shared Jobs, done once."""
        return self.run(self.shared)


def _has(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _untimed(event: Any) -> Any:
    return replace(event, remaining_seconds=None) if isinstance(event, ProgressReport) else event
