"""How much memory a worker may have where nobody set it: a share of what this process has been given.

The limit is one on private writable memory (RLIMIT_DATA), which is what a hostile file makes grow. An address space
limit would hold as well, but would also count weights that are mapped from files, and what CUDA and allocators reserve
without ever using it.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

SHARE = 0.9
"""Of the memory there is: the rest is for the service's own process and the system."""
LEAST_BYTES = 2 << 30
"""Less is not set by itself: libraries take more than they use, and the kernel's own limit holds below that."""
_GPU_DEVICES = ("dev/nvidiactl", "dev/kfd")


def default_limit(workers: int, device: str, root: Path = Path("/")) -> int | None:
    """Gives the limit of one worker (bytes) that is never in the way of honest work.

    Args:
        workers: Worker processes among which the memory is divided.
        device: The family's setting of where it computes.
        root: Where the system's files are.

    Returns:
        The bytes; None for no limit where the family may compute on a GPU of this machine, whose driver maps the
        card's memory as the process's own.
    """
    if device != "cpu" and any((root / path).exists() for path in _GPU_DEVICES):
        return None
    return max(LEAST_BYTES, int(SHARE * memory_bytes(root)) // workers)


def memory_bytes(root: Path = Path("/")) -> int:
    """Gives the memory of the machine, or of the control groups (version 2 or 1) of this process where that is less."""
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *_group_limits(root)])


def set_limit(limit_bytes: int) -> None:
    """Has this process fail to allocate beyond the limit; one that it inherited and that is lower stays."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        limit_bytes = min(limit_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))


def _group_limits(root: Path) -> Iterator[int]:
    mounts = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            base, name = mounts, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = mounts / "memory", "memory.limit_in_bytes"
        else:
            continue
        # In a container the path is often that of the machine, and only the base is there.
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):
            if (text := _text(folder / name).strip()).isdigit():
                yield int(text)
            if folder == base:
                break


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
