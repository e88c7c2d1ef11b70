"""Gives memory back that a process holds and does not need; on Linux, and nothing elsewhere."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
from pathlib import Path

MAPS = Path("/proc/self/maps")


def drop_pages(path: Path) -> None:
    """Lets go of the pages of a file that is mapped to be read; whoever reads one again gets it from the file again."""
    name = str(path.resolve())
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for line in MAPS.read_text().splitlines():
            fields = line.split(maxsplit=5)  # area, rights, offset, device, inode, name where there is one
            if fields[5:] == [name] and "w" not in fields[1]:
                start, end = (int(each, 16) for each in fields[0].split("-"))
                library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)


def trim() -> None:
    """Returns what was freed and is still held by the allocator, which keeps some of every large array."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
