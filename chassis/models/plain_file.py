"""Reads a small file that others may have put there: a pipe is not waited for, and a long one is not read."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_plain(path: Path, most_bytes: int) -> bytes:
    """Gives what a regular file holds.

    Raises:
        OSError: it is not there, no regular file, or has more than ``most_bytes``.
    """
    # Opening a pipe that nobody writes into would wait without an end.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        if status.st_size > most_bytes:
            raise OSError(errno.EFBIG, f"has {status.st_size} bytes; at most {most_bytes} are read", str(path))
        return stream.read(most_bytes)
