"""How many files this process may have open, how many it has, and when they are scarce."""

from __future__ import annotations

import os
import resource

FOLDER = "/proc/self/fd"
_MOST = 16_384
"""Descriptors that are asked for; systems that allow a thousand million make some programs slow."""
_RESERVE = 12
"""Descriptors that no upload and no answer takes: as many as starting a worker needs."""


def raise_limit() -> int:
    """Raises the limit of open files as far as the system lets it, 16,384 at most; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _MOST if soft == resource.RLIM_INFINITY else soft


def open_files() -> int | None:
    """How many descriptors this process has open; None where the system does not tell."""
    try:
        return len(os.listdir(FOLDER)) - 1
    except OSError:
        return None


def scarce(descriptor: int) -> bool:
    """Whether a descriptor that was just given is one of the last: the lowest free number is given, so all are used."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft != resource.RLIM_INFINITY and descriptor >= soft - _RESERVE
