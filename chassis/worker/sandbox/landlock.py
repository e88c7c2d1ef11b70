"""Landlock by its three system calls: what a process may open, which ports it may use, whom it may signal.

Written against the kernel's own description of the interface, versions 1 to 7. A kernel refuses rights that it does not
know, so each version is asked only for its own.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from typing import Protocol

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

READ = READ_FILE | READ_DIR
DEVICE = READ | WRITE_FILE | TRUNCATE | IOCTL_DEV
KEEP = READ | WRITE_FILE | TRUNCATE | REFER | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM
"""Of a folder to keep things in: all but running them, and no devices, sockets or pipes, which lead out of it."""

NEWEST = 7
"""The newest version that this module knows; a later one holds at least as much."""

_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_FILES_SINCE = {1: (1 << 13) - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
_PORTS_SINCE, _PORTS = 4, 0b11  # binding and connecting by TCP
_SCOPES_SINCE, _SCOPES = 6, 0b11  # abstract sockets and signals
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38


class Kernel(Protocol):
    """The system call, by number; returns what libc's ``syscall`` does, and sets errno."""

    def __call__(self, number: int, *arguments: object) -> int:
        """Makes the call."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def system_call(number: int, *arguments: object) -> int:
    """Makes a system call by libc."""
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments))


def version(kernel: Kernel = system_call) -> int:
    """Gives the version of Landlock that this kernel offers; changes nothing.

    Raises:
        OSError: ENOSYS where the kernel has none, EOPNOTSUPP where it was not switched on at boot.
    """
    return _checked(kernel(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_RULESET_VERSION)))


def handled(found: int) -> tuple[int, int, int]:
    """Gives what a version of Landlock can hold: rights on files, on ports, and scopes, each as a mask."""
    files = sum(mask for since, mask in _FILES_SINCE.items() if found >= since)
    return files, _PORTS if found >= _PORTS_SINCE else 0, _SCOPES if found >= _SCOPES_SINCE else 0


def restrict(allowed: Iterable[tuple[str, int]], kernel: Kernel = system_call) -> int:
    """Takes from this thread, and from those that it starts, every right that is not listed.

    No TCP port can be used afterwards, no abstract socket and no process outside be reached, as far as the kernel's
    version holds that.

    Args:
        allowed: Paths with the rights on them and all below them; one that is not there is left out.
        kernel: The system call.

    Returns:
        The version of Landlock that holds.

    Raises:
        OSError: the kernel has no Landlock, or does not allow it; nothing is restricted then.
    """
    found = min(version(kernel), NEWEST)
    files, ports, scopes = handled(found)
    rules = _Ruleset(files, ports, scopes)
    ruleset = _checked(kernel(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(_size(found)), ctypes.c_uint32(0)))
    try:
        for path, rights in allowed:
            _allow(ruleset, path, rights & files, kernel)
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise _error()
        _checked(kernel(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)
    return found


def _size(found: int) -> int:
    """Bytes of the ruleset that a version reads; more are refused by it, unless they are zeros."""
    fields = 1 + (found >= _PORTS_SINCE) + (found >= _SCOPES_SINCE)
    return fields * ctypes.sizeof(ctypes.c_uint64)


def _allow(ruleset: int, path: str, rights: int, kernel: Kernel) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there cannot be needed
    if not os.path.isdir(path):
        rights &= _OF_A_FILE
    rule = _PathBeneath(rights, descriptor)
    kind = ctypes.c_int(_RULE_PATH_BENEATH)
    try:
        if rights:
            _checked(kernel(_ADD_RULE, ctypes.c_int(ruleset), kind, ctypes.byref(rule), ctypes.c_uint32(0)))
    finally:
        # A rule is on the kernel's own record of a file, and /proc makes another one when it has forgotten the last;
        # it forgets none that is open.
        if not path.startswith("/proc"):
            os.close(descriptor)


def _checked(answer: int) -> int:
    if answer < 0:
        raise _error()
    return answer


def _error() -> OSError:
    number = ctypes.get_errno() or errno.ENOSYS
    return OSError(number, os.strerror(number))
