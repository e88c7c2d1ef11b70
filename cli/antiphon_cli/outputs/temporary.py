"""Hidden files beside the place of an output: held by a lock while they are written, swept where their writer died."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
from pathlib import Path
from typing import IO

_NAME = re.compile(r"\.antiphon-(\d+)-[0-9a-f]{16}\.part")
_TRIES = 100
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)

_swept: set[str] = set()


def create(folder: Path, mode: int | None = None) -> tuple[IO[bytes], Path]:
    """Makes a hidden file, locked as long as it is open; stale ones of killed runs are swept from its folder first.

    Args:
        folder: Where; it exists.
        mode: Its permissions; None for those of any new file.

    Raises:
        OSError: it cannot be made.
    """
    sweep(folder)
    for _ in range(_TRIES):
        path = folder / f".antiphon-{os.getpid()}-{secrets.token_hex(8)}.part"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            _lock(descriptor)
            # Another run may have swept it between its making and its lock.
            if os.fstat(descriptor).st_nlink:
                os.fchmod(descriptor, new_file_mode() if mode is None else mode)
                return os.fdopen(descriptor, "w+b"), path
            os.close(descriptor)
    raise FileExistsError(errno.EEXIST, "no temporary file can be made", str(folder))


def sweep(folder: Path) -> None:
    """Removes what killed runs left in a folder; looks there once in each run."""
    if (key := os.path.realpath(folder)) in _swept:
        return
    _swept.add(key)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is not None and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_if_stale(Path(entry.path), int(match[1]))


def new_file_mode() -> int:
    """Returns the permissions that this process gives a new file, which a temporary one does not have."""
    # There is no way to read the mask but to set it.
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _remove_if_stale(path: Path, writer: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        free = _lock(descriptor)
        if free or (free is None and not _lives(writer)):
            path.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Locks a file; False where another holds it, None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
