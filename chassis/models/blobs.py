"""Files kept by the SHA-256 of what they hold: written aside, checked, and renamed into place."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import pwd
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from antiphon_wire.errors import AntiphonError, not_ready

_log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20

Seal = tuple[int, int, int, int]
"""What changes when a file is written or replaced: its inode, size, time of writing and time of change."""

_checked: dict[Path, tuple[Seal, bool]] = {}
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
"""Errors of opening that say the blob is none: absent, a socket; lacking rights or too many files do not."""
_verifying = threading.Lock()

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of writing that say there is no room: on the disk, in a quota, for a file of that size."""


def digest(path: Path) -> str:
    """SHA-256 of a file, in lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _seal(status: os.stat_result) -> Seal:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _holds(handle: int, path: Path, sha256: str) -> bool:
    """Whether an open file is a regular one of that digest; damage is remembered too, for reading it costs as much."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        return False
    seal, known = _seal(status), _checked.get(path)
    if known is None or known[0] != seal:
        with open(handle, "rb", closefd=False) as stream:
            known = _checked[path] = seal, hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    return known[1]


class Blobs:
    """The content-addressed half of a model store.

    ``blobs/sha256/<hex>`` holds whole, checked files; ``staging`` holds what is being written, on the same file system.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "blobs" / "sha256"
        self.staging = root / "staging"

    def path(self, sha256: str) -> Path:
        """Where the blob lies or would lie."""
        return self.folder / sha256

    def present(self, sha256: str, size: int | None) -> bool:
        """Whether there is a blob of that size; its digest is not computed. There is none for an empty digest."""
        try:
            status = self.path(sha256).stat()
        except OSError:
            return False
        return bool(sha256) and stat.S_ISREG(status.st_mode) and status.st_size == size

    def sound(self, sha256: str) -> bool:
        """Whether the blob is there and holds what its name says; False for an empty digest, and for what is no file.

        The digest is computed once in each process, and again if the file's inode, size or a time of it differs.

        Raises:
            PermissionError: this user may not read it, so nobody knows what it holds.
        """
        if not sha256:
            return False
        path = self.path(sha256).absolute()
        with _verifying:
            try:
                # Without waiting: a pipe of that name, which nobody writes into, would be waited for without an end.
                handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno in _NO_FILE:
                    return False
                raise
            try:
                return _holds(handle, path, sha256)
            finally:
                os.close(handle)

    def seal(self, sha256: str) -> Seal | None:
        """What changes when the blob is written or replaced; None where there is none."""
        try:
            return _seal(self.path(sha256).stat())
        except OSError:
            return None

    def reread(self, sha256: str) -> bool:
        """Like ``sound``, but reads the file again in any case; False for one that this user may not read."""
        with _verifying:
            _checked.pop(self.path(sha256).absolute(), None)
        try:
            return self.sound(sha256)
        except PermissionError:
            return False

    def adopt(self, file: Path, sha256: str) -> Path:
        """Moves a file that the caller has checked from ``staging`` into place; a damaged blob is replaced.

        Raises:
            AntiphonError: MODEL_STORE_UNWRITABLE.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file.chmod(0o444)
            _sync(file)
            os.replace(file, self.path(sha256))
            _sync(self.folder)
        except OSError as error:
            raise unwritable(self.root, error) from error
        return self.path(sha256)

    def partial(self, sha256: str) -> Path:
        """Where a broken-off transfer of that file is kept, so that the next one can go on from there."""
        return self.staging / f"{sha256}.part"

    @contextlib.contextmanager
    def workspace(self, waiting: Callable[[], None] = lambda: None) -> Iterator[Path]:
        """Gives a fresh folder in ``staging`` to the one process at a time that may write into this store.

        Args:
            waiting: Called once if another process is writing and this one has to wait.

        Raises:
            AntiphonError: MODEL_STORE_UNWRITABLE.
        """
        try:
            self.staging.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise unwritable(self.root, error) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            for left_over in self.staging.glob("work-*"):  # of a process that was killed; nobody else holds the lock
                shutil.rmtree(left_over, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="work-", dir=self.staging) as folder:
                yield Path(folder)
        finally:
            os.close(lock)

    def ensure_room(self, needed_bytes: int) -> None:
        """Raises MODEL_STORE_FULL if the file system has less free than ``needed_bytes``."""
        free = shutil.disk_usage(self.staging).free
        if free < needed_bytes:
            _log.error("the model store %s has %d bytes free of %d needed", self.root, free, needed_bytes)
            raise not_ready(
                "MODEL_STORE_FULL",
                f"the model store has {free} bytes free; this model needs {needed_bytes}",
                free_bytes=free,
                needed_bytes=needed_bytes,
            )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unreadable(model: str, file: str) -> AntiphonError:
    """The error to raise where a file of a model may not be read by the user that asks for it."""
    uid = os.geteuid()
    try:
        user = f"{pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        user = str(uid)
    return not_ready(
        "MODEL_STORE_UNREADABLE",
        f"the user {user}, whom this process runs as, may not read {file} of the model {model!r} (permission denied); "
        "let that user read the files and folders of the model store",
        model=model,
        file=file,
        user=user,
    )


def unwritable(root: Path, error: OSError) -> AntiphonError:
    """The error to raise where the store cannot be written; the log tells where, for callers may be strangers."""
    if error.errno in NO_ROOM:
        return full(root, error)
    why = errno.errorcode.get(error.errno or 0, "") or type(error).__name__
    _log.error("cannot write into the model store %s: %s", root, error)
    return not_ready(
        "MODEL_STORE_UNWRITABLE",
        f"cannot write into the model store ({why}); set ANTIPHON_MODELS to a folder that can be written",
    )


def full(root: Path, error: OSError) -> AntiphonError:
    """The error to raise where a file did not fit; what was fetched before is whole, and kept."""
    why = errno.errorcode.get(error.errno or 0, "")
    _log.error("the model store %s is full: %s", root, error)
    return not_ready(
        "MODEL_STORE_FULL",
        f"no room left for a file in the model store ({why}); what is installed is untouched. Make room, with "
        "antiphon models prune or remove, then pull again to go on from here",
        error=why,
    )
