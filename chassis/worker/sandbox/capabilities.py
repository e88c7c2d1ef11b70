"""Gives up what root may do beyond its own files, for a worker that was started by root."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_VERSION_3 = 0x20080522
_NUMBERS = 64
_OVER_FILES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: files of other users, as far as Landlock lets them be reached."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def held() -> int:
    """The capabilities that this process may use, a bit for each; 0 where the kernel does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapPrm:")), 0)


def drop(needed: Iterable[str]) -> str:
    """Gives up every capability of this thread, for ever; while it is the only one, of the process.

    Args:
        needed: Paths that must stay in reach. Where one of them, or a folder above it, is another user's, root reaches
            it by its rights over files alone, and keeps those.

    Returns:
        What holds from now on; empty where there were none to give up.

    Raises:
        OSError: the kernel refuses it.
    """
    if not held():
        return ""
    kept = _OVER_FILES if any(map(_of_another, needed)) else 0
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for number in range(_NUMBERS):
        # Without the right to do so this fails, and what is permitted is given up below all the same.
        library.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    low = kept & held()
    sets = (_Set * 2)(_Set(low, low, 0), _Set(0, 0, 0))
    if library.capset(ctypes.byref(_Header(_VERSION_3, 0)), sets):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return "no capabilities but over files" if kept else "no capabilities"


def _of_another(path: str) -> bool:
    for each in (Path(path), *Path(path).parents):
        try:
            if each.stat().st_uid != os.geteuid():
                return True
        except OSError:
            continue
    return False
