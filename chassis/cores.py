"""How many CPU cores this process may really use.

A container is held back by a quota of CPU time far more often than by a set of cores, and the operating system reports
all of the machine's cores either way. Source: the kernel's documents of cgroup v2 (`cpu.max`: quota and period in
microseconds, or "max") and v1 (`cpu.cfs_quota_us`, -1 for none, and `cpu.cfs_period_us`).
"""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Whole cores, at least 1: those the process may run on, or fewer where its container's quota is less.

    A quota of 1.9 cores counts as 1, for two threads that compute without a pause would be stopped within each period.
    """
    allowed = len(os.sched_getaffinity(0))
    quota = _quota(cgroup)
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def _quota(cgroup: Path) -> float | None:
    """Cores' worth of CPU time in a period, or None where there is no quota, or none that can be read."""
    words = [*_words(cgroup / "cpu.max")]
    if not words:
        words = [*_words(cgroup / "cpu" / "cpu.cfs_quota_us"), *_words(cgroup / "cpu" / "cpu.cfs_period_us")]
    try:
        quota, period = (int(word) for word in words)
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
