"""The log files of supervised processes: for their owner alone, and put aside while somebody writes into them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

KEPT = 3
_PRIVATE = 0o600
_COPY_BYTES = 1 << 20


def make_private_folder(folder: Path) -> None:
    """Makes a folder that only its owner can look into; one that is there already stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def open_log(path: Path) -> BinaryIO:
    """Opens a log for appending, whatever else is written into it; only its owner can read it."""
    make_private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    os.fchmod(descriptor, _PRIVATE)  # one that an older version made
    return os.fdopen(descriptor, "ab")


def rotate(path: Path, most_bytes: int) -> bool:
    """Puts a log aside once it is larger than ``most_bytes``, and the three before it one place further.

    The writer holds the file open, so its end is copied and the file emptied; who appends goes on at its beginning.
    What is written between the two is lost.

    Returns:
        Whether it was put aside.
    """
    try:
        size = path.stat().st_size
    except OSError:
        return False
    if size <= most_bytes:
        return False
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, KEPT + 1))]
    # A full disk must not keep the log from being emptied.
    with contextlib.suppress(OSError):
        for older, old in zip(reversed(names[2:]), reversed(names[1:-1]), strict=True):
            if old.exists():
                old.replace(older)
        names[1].unlink(missing_ok=True)
        with path.open("rb") as source, open_log(names[1]) as target:
            source.seek(size - most_bytes)
            # Not to its end: that moves on while this copies.
            left = most_bytes
            while left and (piece := source.read(min(left, _COPY_BYTES))):
                target.write(piece)
                left -= len(piece)
    os.truncate(path, 0)
    return True
