"""Whether uploads have room, in a folder where nobody else can take them away."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from antiphon_cli.doctor.finding import Finding, Machine, fine, wrong
from antiphon_cli.services import PORTS

LEAST_FREE_BYTES = 1 << 30
"""Less is soon full: an hour of stereo is 600 MB as a WAV file."""


def check(machine: Machine) -> Iterator[Finding]:
    """Looks at the folder of uploads of each service, by its setting."""
    folders: dict[Path, list[str]] = {}
    for service in PORTS:
        given = machine.environ.get(f"{service.upper()}_SPOOL_DIR") or machine.environ.get("ANTIPHON_SPOOL_DIR")
        folders.setdefault(Path(given or tempfile.gettempdir()).expanduser(), []).append(service)
    for folder, services in folders.items():
        yield from _look(folder, ", ".join(services))


def _look(folder: Path, services: str) -> Iterator[Finding]:
    try:
        mode, free = folder.stat().st_mode, shutil.disk_usage(folder).free
    except OSError as error:
        yield wrong(f"the spool folder {folder} of {services}: {error.strerror}", f"mkdir -m 700 -p {folder}")
        return
    problems = list(_problems(folder, mode, free))
    yield from problems or [fine(f"{folder} of {services} has {free / (1 << 30):.1f} GiB free")]


def _problems(folder: Path, mode: int, free: int) -> Iterator[Finding]:
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield wrong(f"the spool folder {folder} cannot be written by this user", "give <SERVICE>_SPOOL_DIR another")
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield wrong(f"anybody may remove others' files from the spool folder {folder}", f"chmod +t {folder}")
    if free < LEAST_FREE_BYTES:
        what = f"the spool folder {folder} has {free >> 20} MiB free"
        yield wrong(what, "make room, or give <SERVICE>_SPOOL_DIR a folder on a larger disk")
