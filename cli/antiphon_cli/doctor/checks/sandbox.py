"""What this system offers to keep workers in: Landlock, and libseccomp."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator

from antiphon_cli.doctor.finding import Finding, Machine, fine, not_known, wrong

_CREATE_RULESET, _ASK_VERSION = 444, 1
_PORTS_SINCE, _SIGNALS_SINCE = 4, 6
_LIBRARY = "libseccomp.so.2"


def check(machine: Machine) -> Iterator[Finding]:
    """Asks the kernel for its version of Landlock, and the loader for libseccomp."""
    if sys.platform != "linux":
        yield not_known("workers have a sandbox on Linux alone")
        return
    has_seccomp = seccomp_loads()
    yield from judge(landlock_version(), has_seccomp)


def judge(version: int, has_seccomp: bool) -> Iterator[Finding]:
    """Judges a version of Landlock, negative for the number of an error, and whether there is libseccomp."""
    if version < 0:
        yield wrong(
            f"this kernel has no Landlock: {os.strerror(-version)}",
            "take Linux 5.13 or later with landlock in its lsm= list; in a container, a runtime that lets it through",
        )
    elif version < _SIGNALS_SINCE and not has_seccomp:
        open_still = "signals" if version >= _PORTS_SINCE else "TCP and signals"
        yield wrong(f"Landlock {version} leaves {open_still} open", "install libseccomp2, or take Linux 6.12 or later")
    else:
        yield fine(f"Landlock {version}")
    if has_seccomp:
        yield fine(f"{_LIBRARY} can be loaded")
    else:
        yield wrong(f"{_LIBRARY} is not installed", "install libseccomp (Debian: apt install libseccomp2)")


def landlock_version() -> int:
    """Returns the kernel's version of Landlock, or the negative number of the error; changes nothing."""
    libc = ctypes.CDLL(None, use_errno=True)
    call = libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    return int(call) if call >= 0 else -ctypes.get_errno()


def seccomp_loads() -> bool:
    """Tells whether libseccomp is installed."""
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return False
    return True
