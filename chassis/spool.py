"""The spool: uploads as files in a folder, under one byte budget for the whole process."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from antiphon_wire.errors import AntiphonError, busy, invalid
from chassis.open_files import scarce
from chassis.own_folder import fresh_folder

log = logging.getLogger(__name__)

_PREFIX = "antiphon-spool-"


class Spool:
    """A folder for uploads under one byte budget, shared by all calls of a process.

    Args:
        parent: Folder in which a folder of our own is made; the system's temporary folder where None.
        budget_bytes: Bytes that all uploads together may hold.
        upload_bytes: Bytes that one upload may have.
    """

    def __init__(self, parent: Path | None, budget_bytes: int, upload_bytes: int) -> None:
        self._root = Path(parent or tempfile.gettempdir())
        self.folder, self._lock = fresh_folder(self._root, _PREFIX)
        self.budget_bytes = budget_bytes
        self.upload_bytes = upload_bytes
        self.used_bytes = 0
        self._count = 0

    def file(self) -> SpoolFile:
        """Opens a new, empty file in the spool; a folder that somebody removed meanwhile is made again.

        Raises:
            AntiphonError: SPOOL_LOST where it cannot be made again, SPOOL_FULL where files are scarce.
        """
        self._count += 1
        try:
            return SpoolFile(self, self.folder / str(self._count))
        except (FileNotFoundError, NotADirectoryError):
            log.warning("the folder for uploads %s is gone; making another", self.folder)
        try:
            folder, lock = fresh_folder(self._root, _PREFIX)
        except OSError as error:
            raise _folder_lost() from error
        if self._lock is not None:
            os.close(self._lock)
        self.folder, self._lock = folder, lock
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
        try:
            self._file = open(path, "xb", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            raise _no_files() from error
        if scarce(self._file.fileno()):
            self._file.close()
            path.unlink()
            raise _no_files()
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
        """Closes the file for writing; it stays until :meth:`remove`.

        Raises:
            AntiphonError: SPOOL_LOST where somebody else has removed it.
        """
        self._file.close()
        if not self.path.exists():
            raise _folder_lost()

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


def _no_files() -> AntiphonError:
    return busy(
        "SPOOL_FULL", "this server has nearly as many files open as it may; try again later", retry_after_seconds=2.0
    )


def _folder_lost() -> AntiphonError:
    return AntiphonError(
        "UNAVAILABLE",
        "SPOOL_LOST",
        "the folder in which this server keeps uploads was removed; try again",
        retry_after_seconds=1.0,
    )
