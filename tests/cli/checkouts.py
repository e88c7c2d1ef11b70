"""Checkouts for tests: folders with no more in them than makes the command line take them for one."""

from __future__ import annotations

from pathlib import Path


def make_checkout(folder: Path) -> Path:
    """Makes a folder that services could be started from, if it held any."""
    for name in ("chassis", "services"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "Makefile").touch()
    return folder
