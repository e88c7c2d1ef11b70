"""A file that appears when it is whole, and takes the place of nothing that it must not."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path
from types import TracebackType
from typing import IO

from antiphon_cli.outputs import temporary
from antiphon_cli.outputs.errors import OutputError, writing
from antiphon_cli.outputs.rules import Existing, Rules, is_replaceable
from antiphon_cli.terminal import shown_name

# What is open already is written into, as a pipe is: it is the shell's to say whether a file there is replaced.
_DESCRIPTOR = re.compile(r"/dev/(std(in|out|err)|fd/\d+)|/proc/(self|\d+)/fd/\d+")
_NO_LINKS = (errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV, errno.EACCES)


class SafeFile:
    """An output, written to a hidden file in its folder; used as a context, which leaves nothing half done behind.

    Pipes and devices are written into at once. A link that is named itself is followed.

    Args:
        path: Its place; missing folders are made.
        rules: What it may take the place of.
        root: Folder that it must not leave; its hidden file is there. None where the path itself was named.
        mode: Its permissions; None for those of any new file.

    Raises:
        OutputError: it may not be written, or cannot be.
    """

    def __init__(self, path: Path, rules: Rules, root: Path | None = None, mode: int | None = None) -> None:
        self.path, self._rules = path, rules
        self._part: Path | None = None
        self._made: list[Path] = []
        with writing(path):
            rules.check(path)
            if _is_stream(path):
                self.file: IO[bytes] = path.open("ab" if _DESCRIPTOR.fullmatch(str(path)) else "wb", buffering=0)
                return
            self._place = _within(path, root) if root is not None else Path(os.path.realpath(path))
            folder = root if root is not None else self._place.parent
            try:
                self._make(folder)
                self.file, self._part = temporary.create(folder, mode)
            except BaseException:
                self._unmake()
                raise

    def __enter__(self) -> SafeFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, data: bytes) -> None:
        """Appends to it.

        Raises:
            OutputError: OUTPUT_UNWRITABLE.
        """
        with writing(self.path):
            write_all(self.file, data)

    def commit(self, *, keep_open: bool = False) -> Path:
        """Moves it to its place, whole and on the disk; returns the place.

        Args:
            keep_open: Whether more is to be appended to it there, each time with ``flush``.

        Raises:
            OutputError: it may not take that place any more, or cannot.
        """
        with writing(self.path):
            self.flush()
            if self._part is not None:
                self._rules.check(self.path)
                self._rules.claim(self._place)
                self._make(self._place.parent)
                _move(self._part, self._place, replace=self._rules.existing is Existing.REPLACE)
                self._part, self._made = None, []
                _sync_folder(self._place.parent)
            if not keep_open:
                self.file.close()
        return self.path

    def flush(self) -> None:
        """Brings all to the disk.

        Raises:
            OutputError: OUTPUT_UNWRITABLE.
        """
        with writing(self.path):
            self.file.flush()
            with contextlib.suppress(OSError) if _is_stream(self.path) else contextlib.nullcontext():
                os.fsync(self.file.fileno())

    def discard(self) -> None:
        """Removes what was not committed, and the folders that were made for it."""
        with contextlib.suppress(OSError):
            self.file.close()
        if self._part is not None:
            with contextlib.suppress(FileNotFoundError):
                self._part.unlink()
            self._part = None
        self._unmake()

    def _make(self, folder: Path) -> None:
        absent = []
        while not folder.exists():
            absent.append(folder)
            folder = folder.parent
        for each in reversed(absent):
            each.mkdir(exist_ok=True)
            self._made.append(each)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))

    def _unmake(self) -> None:
        while self._made:
            with contextlib.suppress(OSError):  # somebody else may have put something in
                self._made.pop().rmdir()


def write_file(path: Path, data: bytes, rules: Rules, root: Path | None = None, mode: int | None = None) -> Path:
    """Writes a whole file; see :class:`SafeFile`.

    Raises:
        OutputError: it may not be written, or cannot be.
    """
    with SafeFile(path, rules, root, mode) as file:
        file.write(data)
        return file.commit()


def write_all(file: IO[bytes], data: bytes) -> None:
    """Writes all of the bytes; a file without a buffer takes as many at once as it can.

    Raises:
        OSError: they cannot be written.
    """
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _is_stream(path: Path) -> bool:
    if _DESCRIPTOR.fullmatch(str(path)):
        return True
    try:
        return not is_replaceable(os.stat(path))
    except FileNotFoundError:
        return False


def _within(path: Path, root: Path) -> Path:
    """The place of a file in a folder, links among its folders resolved; one in its own place is replaced."""
    base, folder = os.path.realpath(root), os.path.realpath(path.parent)
    if os.path.commonpath([base, folder]) != base or path.name in ("", ".", ".."):
        raise OutputError("OUTPUT_OUTSIDE", f"{shown_name(path)} is not in the folder {shown_name(root)}")
    return Path(folder) / path.name


def _move(part: Path, place: Path, *, replace: bool) -> None:
    if replace:
        os.replace(part, place)
        return
    try:
        # A link fails where something is, which a rename would replace.
        os.link(part, place)
    except FileExistsError as error:
        raise OutputError("OUTPUT_EXISTS", f"{shown_name(place)} has come to be there meanwhile") from error
    except OSError as error:
        if error.errno not in _NO_LINKS or os.path.lexists(place):
            raise
        os.replace(part, place)
        return
    part.unlink()


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
