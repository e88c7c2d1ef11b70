"""Memory of this process as the kernel counts it."""

from __future__ import annotations

import resource
from pathlib import Path

_RESET_PEAK = "5"  # proc(5): resets the "high water mark" of resident memory to what is resident now


def resident_bytes() -> int:
    """Resident memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def reset_peak() -> bool:
    """Has :func:`peak_bytes` count from now; False where the kernel does not allow that."""
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def peak_bytes() -> int:
    """Most resident memory since the process began, or since :func:`reset_peak`.

    Not ``ru_maxrss``, which a process inherits from the one that started it and which cannot be reset.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
