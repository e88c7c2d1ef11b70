"""Run as ``python leash.py PARENT PROGRAM …``: becomes the program, which the kernel kills when its parent dies.

A file of its own, run with nothing else imported, because code between fork and exec is unsafe where gRPC has threads.
"""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ties this process to its parent and executes the program."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # The parent died before the leash was on, so its death will not be signalled any more.
        sys.exit(1)
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
