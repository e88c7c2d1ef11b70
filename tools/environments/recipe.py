"""What an environment is made from, and whether the one that is there was made from the same."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """The files and flags that make one environment.

    Attributes:
        name: ``speech``, or ``speech-openai-whisper`` for an engine that does not fit beside its family's others.
        lock: Its pinned and hashed packages.
        platform: Packages that the platform brings and no lock holds, such as torch; None for none.
        more: Further locks that go in on top, such as the tests'.
        flags: What else decides what comes out, such as the flags of what is compiled.
        npm: The package-lock.json of what Node needs; None for none.
    """

    name: str
    lock: Path
    platform: Path | None = None
    more: tuple[Path, ...] = ()
    flags: str = ""
    npm: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything that is read to make it."""
        return tuple(path for path in (self.lock, self.platform, self.npm, *self.more) if path is not None)

    @property
    def digest(self) -> str:
        """SHA-256 of all that it is made from, the version of Python included; the times of the files do not count."""
        found = hashlib.sha256(f"{sys.version}\n{self.flags}\n".encode())
        for path in self.files:
            found.update(path.read_bytes())
        return found.hexdigest()


def find(root: Path, name: str, tests: bool = False) -> Recipe:
    """Finds the recipe of an environment by its name.

    Raises:
        LookupError: nothing of that name has a lock.
    """
    family, _, engine = name.partition("-")
    stem = f"requirements-{engine}" if engine else "requirements"
    for folder in (root / "services" / family, root / family, root / "tests" / family):
        lock = folder / f"{stem}.lock"
        if not lock.is_file():
            continue
        platform = folder / f"{stem}-platform.txt"
        more = (root / "tests" / "requirements.lock",) if tests else ()
        flags = os.environ.get("LLAMA_CMAKE_ARGS", "") if "llama-cpp-python==" in lock.read_text() else ""
        npm = folder / "package-lock.json"
        return Recipe(name, lock, _present(platform), more, flags, _present(npm))
    places = f"neither services/{family}, {family} nor tests/{family}"
    raise LookupError(f"there is no environment {name!r}: {places} has a {stem}.lock")


def _present(path: Path) -> Path | None:
    return path if path.is_file() else None
