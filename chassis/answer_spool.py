"""What readers have not fetched yet, on disk, under one budget for the whole process."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

from antiphon_wire.errors import AntiphonError
from chassis.open_files import scarce

_LENGTH = struct.Struct("<I")
_PREFIX = "antiphon-answer-"
LEAST_BYTES = 1 << 20
"""What an answer on disk counts at least: each also costs a descriptor, so that their number is bounded too."""


class AnswerSpool:
    """The budget for answers that wait for their readers.

    Args:
        parent: Folder for the files; the system's temporary folder where None.
        budget_bytes: Bytes that all of them may hold together, each counted as 1 MiB at least.

    Attributes:
        used_bytes: What they hold.
    """

    def __init__(self, parent: Path | None, budget_bytes: int) -> None:
        self._parent = parent
        self.budget_bytes = budget_bytes
        self.used_bytes = 0

    def file(self) -> AnswerFile:
        """Opens an empty file that has no name, and so is gone with its process, and readable for nobody else.

        Raises:
            AntiphonError: READER_TOO_SLOW where the budget is spent, or the disk or the system has no more.
        """
        self.reserve(LEAST_BYTES)
        try:
            folder = Path(self._parent or tempfile.gettempdir())
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
            os.unlink(name)
        except OSError as error:
            self.used_bytes -= LEAST_BYTES
            raise no_room("the system gives no further file for it") from error
        if scarce(descriptor):
            os.close(descriptor)
            self.used_bytes -= LEAST_BYTES
            raise no_room("this process has nearly as many files open as it may")
        return AnswerFile(self, descriptor)

    def reserve(self, count: int) -> None:
        """Counts bytes that are about to be written.

        Raises:
            AntiphonError: READER_TOO_SLOW where the budget is spent.
        """
        if self.used_bytes + count > self.budget_bytes:
            raise no_room(f"answers that wait for their readers hold {self.used_bytes} of {self.budget_bytes} bytes")
        self.used_bytes += count


class AnswerFile:
    """One answer's messages on disk, first in, first out.

    Args:
        spool: Whose budget they count against; 1 MiB of it is reserved already.
        descriptor: An empty file, open for reading and writing, which is owned from here on.
    """

    def __init__(self, spool: AnswerSpool, descriptor: int) -> None:
        self._spool = spool
        self._descriptor = descriptor
        self._reserved = LEAST_BYTES
        self._written = self._read = 0
        self.byte_count = 0
        """Bytes that ever came in."""

    @property
    def empty(self) -> bool:
        """Whether every message that came in has been taken out."""
        return self._read == self._written

    def put(self, message: bytes) -> None:
        """Appends a message.

        Raises:
            AntiphonError: READER_TOO_SLOW where the budget is spent or the disk is full.
        """
        data = memoryview(_LENGTH.pack(len(message)) + message)
        more = self._written + len(data) - self._reserved
        if more > 0:
            self._spool.reserve(more)
            self._reserved += more
        try:
            while data:
                count = os.pwrite(self._descriptor, data, self._written)
                self._written += count
                self.byte_count += count
                data = data[count:]
        except OSError as error:
            raise no_room("the disk for it is full") from error

    def take(self) -> bytes:
        """Takes the oldest message out; the file must not be empty. Room is given back once nothing is left."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        message = self._exactly(length)
        if self.empty:
            os.ftruncate(self._descriptor, 0)
            self._give_back(self._reserved - LEAST_BYTES)
            self._written = self._read = 0
        return message

    def close(self) -> None:
        """Closes the file, which ends it, and gives its room back; a second call does nothing."""
        if self._reserved:
            os.close(self._descriptor)
            self._give_back(self._reserved)

    def _give_back(self, count: int) -> None:
        self._reserved -= count
        self._spool.used_bytes -= count

    def _exactly(self, count: int) -> bytes:
        data = os.pread(self._descriptor, count, self._read)
        while len(data) < count:
            more = os.pread(self._descriptor, count - len(data), self._read + len(data))
            if not more:
                raise OSError(f"{len(data)} of {count} bytes of a spooled answer are left")
            data += more
        self._read += count
        return data


def no_room(why: str) -> AntiphonError:
    """The error for an answer that its reader leaves, where there is no room to keep it."""
    return AntiphonError(
        "DEADLINE_EXCEEDED",
        "READER_TOO_SLOW",
        f"the answer came faster than it was read, and {why}; read the answer while it comes",
    )
