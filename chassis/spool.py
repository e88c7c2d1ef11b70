"""The spool: uploads as files in a folder, under one byte budget for the whole process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from antiphon_wire.errors import busy, invalid

_PREFIX = "antiphon-spool-"


class Spool:
    """A folder for uploads under one byte budget, shared by all calls of a process.

    Args:
        parent: Folder in which a folder of our own is made; the system's temporary folder where None.
        budget_bytes: Bytes that all uploads together may hold.
        upload_bytes: Bytes that one upload may have.
    """

    def __init__(self, parent: Path | None, budget_bytes: int, upload_bytes: int) -> None:
        root = Path(parent or tempfile.gettempdir())
        root.mkdir(parents=True, exist_ok=True)
        _remove_orphans(root)
        # Locked before it has its name: nobody else can take it for one whose owner is gone.
        unnamed = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        self._lock = _lock(unnamed)
        self.folder = unnamed.rename(root / (_PREFIX + unnamed.name.removeprefix(".new-")))
        self.budget_bytes = budget_bytes
        self.upload_bytes = upload_bytes
        self.used_bytes = 0
        self._count = 0

    def file(self) -> SpoolFile:
        """Opens a new, empty file in the spool."""
        self._count += 1
        return SpoolFile(self, self.folder / str(self._count))

    def close(self) -> None:
        """Removes the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class SpoolFile:
    """One file of the spool; counts against the budget until it is removed."""

    def __init__(self, spool: Spool, path: Path) -> None:
        self._spool = spool
        self._file = path.open("wb", buffering=0)
        self.path = path
        self.byte_count = 0

    def write(self, data: bytes) -> None:
        """Appends bytes.

        Raises:
            AntiphonError: UPLOAD_TOO_LARGE for this file, SPOOL_FULL for all of them.
        """
        if self.byte_count + len(data) > self._spool.upload_bytes:
            raise invalid(
                "UPLOAD_TOO_LARGE",
                f"the upload has more than {self._spool.upload_bytes} bytes, which is the limit of this server",
                limit=self._spool.upload_bytes,
            )
        if self._spool.used_bytes + len(data) > self._spool.budget_bytes:
            raise busy(
                "SPOOL_FULL",
                f"uploads under way hold {self._spool.used_bytes} of {self._spool.budget_bytes} bytes; try again later",
                retry_after_seconds=2.0,
                used=self._spool.used_bytes,
                limit=self._spool.budget_bytes,
            )
        rest = memoryview(data)
        try:
            while rest:
                written = self._file.write(rest)
                self.byte_count += written
                self._spool.used_bytes += written
                rest = rest[written:]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise busy(
                "SPOOL_FULL",
                "the disk for uploads is full; try again later",
                retry_after_seconds=5.0,
                used=self._spool.used_bytes,
            ) from error

    def finish(self) -> None:
        """Closes the file for writing; it stays until :meth:`remove`."""
        self._file.close()

    def remove(self) -> None:
        """Removes the file and gives its bytes back to the budget; a second call does nothing."""
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._spool.used_bytes -= self.byte_count
        self.byte_count = 0


@dataclass(frozen=True)
class SpooledAudio:
    """A whole upload on disk: where, how many bytes, their SHA-256."""

    path: Path
    byte_count: int
    sha256: bytes


def _lock(folder: Path) -> int | None:
    """Takes the lock that a living owner holds on its spool; None where somebody else holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_orphans(root: Path) -> None:
    """Removes the spools of processes that were killed before they could."""
    for folder in root.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = _lock(folder)
            if descriptor is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)
