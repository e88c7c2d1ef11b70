"""The locks of what is deployed, and the names that each pins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)
# What the platform brings, and no lock holds.
OF_THE_PLATFORM = frozenset({"torch", "torchaudio"})
# Pinned for other systems than these images have.
BESIDE_LINUX = frozenset({"colorama", "httpx2-jsfetch"})


def every(root: Path) -> Mapping[str, Path]:
    """Gives the lock of each environment that is deployed, by its name, such as gateway or speech-openai-whisper."""
    found = {name: root / name / "requirements.lock" for name in ("gateway", "cli")}
    for lock in sorted(root.glob("services/*/requirements*.lock")):
        engine = lock.stem.removeprefix("requirements")
        found[lock.parent.name + engine] = lock
    return found


def pinned(lock: Path) -> frozenset[str]:
    """Gives the names of the packages that a lock pins for Linux, as the index normalises them."""
    return frozenset(normal(name) for name in PINNED.findall(lock.read_text())) - BESIDE_LINUX


def normal(name: str) -> str:
    """Gives a package's name as the index normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()
