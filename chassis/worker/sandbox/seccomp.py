"""Which system calls a worker may not make, by libseccomp where it is installed.

Everything is allowed but a list. A list of what is allowed would be the stronger one, and would have to name all that
BLAS libraries, OpenMP, three tensor runtimes and the drivers of GPUs call, in every version, on every processor; one
call too few is a wrong answer or a hang in the middle of somebody's recording. What is refused answers EPERM, as it
would for a user without the right: a library that only tried goes on without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Iterator
from typing import Any

LIBRARY = "libseccomp.so.2"

_NAMES = (
    # Other processes: their memory, their descriptors, their limits.
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_open pidfd_getfd "
    "pidfd_send_signal kcmp rt_sigqueueinfo rt_tgsigqueueinfo migrate_pages setpriority ioprio_set "
    "sched_setscheduler sched_setparam sched_setattr "
    # The network, but for the socket that was handed down.
    "socket connect bind listen accept accept4 io_uring_setup io_uring_enter io_uring_register "
    # What belongs to files and is not Landlock's to hold: owner, mode, attributes, and handles in place of paths.
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr lsetxattr fsetxattr setxattrat removexattr "
    "lremovexattr fremovexattr removexattrat file_setattr utime utimes utimensat futimesat name_to_handle_at "
    "open_by_handle_at "
    # Mounts and namespaces.
    "mount umount umount2 pivot_root chroot mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount "
    "fspick unshare setns "
    # Doors into the kernel that no computation needs, several of which were ways to take it over.
    "bpf perf_event_open userfaultfd keyctl add_key request_key fanotify_init personality modify_ldt iopl ioperm "
    # The machine.
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd "
    "syslog settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname vhangup"
)
REFUSED = tuple(_NAMES.split())
NO_PROGRAMS = ("execve", "execveat", "fork", "vfork")
"""Refused too where nothing is compiled at run time: a process of its own would outlive the worker."""

_NEWER = {"fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467, "file_setattr": 469}
"""Calls that a libseccomp of some years does not know by name; their numbers are the same on every architecture."""

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NOT_EQUAL, _EQUAL, _MASKED_EQUAL = 1, 4, 7
_CLONE_THREAD = 0x00010000
_CLONE_NEW = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_SOCKET_KIND = 0xF


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


class UnavailableError(Exception):
    """Seccomp cannot be had; the message says why."""


def load() -> Any:
    """Loads libseccomp.

    Raises:
        UnavailableError: it is not installed.
    """
    try:
        library = ctypes.CDLL(LIBRARY, use_errno=True)
    except OSError:
        raise UnavailableError(f"{LIBRARY} is not installed") from None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_release.argtypes = library.seccomp_load.argtypes = (ctypes.c_void_p,)
    library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Comparison),
    )
    return library


def restrict(library: Any, programs: bool) -> None:
    """Has this process, and all that it starts, be refused what is listed; it can gain no privileges afterwards.

    Args:
        library: libseccomp.
        programs: Whether it may make processes and run programs in them, which compiling at run time needs.

    Raises:
        UnavailableError: the kernel or the library does not do it; nothing is restricted then.
    """
    rules = library.seccomp_init(_ALLOW)
    if not rules:
        raise UnavailableError(f"{LIBRARY} has no rules for this processor")
    try:
        for name, number, comparisons in (*_always(), *(_with_programs() if programs else _without_programs())):
            _refuse(library, rules, name, number, comparisons)
        if answer := library.seccomp_load(rules):
            raise UnavailableError(f"seccomp_load answered {os.strerror(-answer)}")
    finally:
        library.seccomp_release(rules)


_Rule = tuple[str, int, tuple[_Comparison, ...]]


def _always() -> Iterator[_Rule]:
    for name in REFUSED:
        yield name, errno.EPERM, ()
    # Its flags lie in memory, where no rule can see them; libc falls back to clone.
    yield "clone3", errno.ENOSYS, ()
    yield "prlimit64", errno.EPERM, (_Comparison(0, _NOT_EQUAL, 0),)
    yield "move_pages", errno.EPERM, (_Comparison(0, _NOT_EQUAL, 0),)
    # Of a pair of datagram sockets each could still send to a third.
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        yield "socketpair", errno.EPERM, (_Comparison(1, _MASKED_EQUAL, _SOCKET_KIND, kind),)


def _without_programs() -> Iterator[_Rule]:
    for name in NO_PROGRAMS:
        yield name, errno.EPERM, ()
    yield "clone", errno.EPERM, (_Comparison(0, _MASKED_EQUAL, _CLONE_THREAD, 0),)
    yield "tkill", errno.EPERM, ()
    for name in ("kill", "tgkill"):
        yield name, errno.EPERM, (_Comparison(0, _NOT_EQUAL, os.getpid()),)


def _with_programs() -> Iterator[_Rule]:
    """It has to end what it started; that it reaches no other process is left to Landlock."""
    for flag in _CLONE_NEW:
        yield "clone", errno.EPERM, (_Comparison(0, _MASKED_EQUAL, flag, flag),)


def _refuse(library: Any, rules: int, name: str, number: int, comparisons: tuple[_Comparison, ...]) -> None:
    call = library.seccomp_syscall_resolve_name(name.encode())
    if call < 0:
        call = _NEWER.get(name, call)
    if call < 0:
        return  # no call of this architecture
    array = (_Comparison * len(comparisons))(*comparisons)
    if answer := library.seccomp_rule_add_array(rules, _ERRNO | number, call, len(comparisons), array):
        raise UnavailableError(f"a rule for {name} was answered by {os.strerror(-answer)}")
