"""The most memory a process has had."""

from __future__ import annotations

from pathlib import Path


def peak_bytes(process: str = "self") -> int:
    """Peak resident memory of a process, in bytes.

    Not ``ru_maxrss``: a process inherits that from the one that started it, so a small contestant would show what the
    bench held when it made the clip.

    Args:
        process: Its number, or ``self``.
    """
    status = (Path("/proc") / process / "status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
