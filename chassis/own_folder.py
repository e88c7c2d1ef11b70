"""Folders of our own in one that others write into too, such as the system's temporary folder."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)


def fresh_folder(root: Path, prefix: str) -> tuple[Path, int | None]:
    """Makes a folder of our own below ``root``, and removes those of the dead.

    Args:
        root: Folder of all, made where it is not there.
        prefix: Beginning of its name.

    Returns:
        The folder, and a descriptor that holds its lock, which says that its owner lives; None where it has none.

    Raises:
        OSError: it cannot be made.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_orphans(root, prefix)
    # Locked before it has its name: nobody else can take it for one whose owner is gone.
    unnamed = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    lock = _lock(unnamed)
    return unnamed.rename(root / (prefix + unnamed.name.removeprefix(".new-"))), lock


def _lock(folder: Path) -> int | None:
    """Takes the lock that a living owner holds on its folder; None where somebody else holds it, or nobody can.

    Raises:
        OSError: it is no folder, or a link to one.
        PermissionError: it belongs to another user.
    """
    # The folder of all may be one in which anybody makes what they like: a pipe would be waited for without an end.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if os.fstat(descriptor).st_uid != os.geteuid():
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "belongs to another user")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_orphans(root: Path, prefix: str) -> None:
    """Removes the folders of processes that were killed before they could; what is not ours is left alone, and told."""
    for folder in root.glob(f"{prefix}*"):
        try:
            descriptor = _lock(folder)
        except FileNotFoundError:
            continue  # another process was quicker
        except OSError as error:
            log.warning("%s is left alone: %s", folder, error.strerror)
            continue
        if descriptor is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)
