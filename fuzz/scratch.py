"""A folder for what readers ask to have in a file; it goes with the process."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path


@functools.cache
def scratch() -> Path:
    """The folder of this process."""
    folder = Path(tempfile.mkdtemp(prefix="antiphon-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def in_a_file(data: bytes, name: str = "input") -> Path:
    """Writes an input into the file that every input of this process goes into."""
    path = scratch() / name
    path.write_bytes(data)
    return path
