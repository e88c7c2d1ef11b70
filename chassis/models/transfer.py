"""A file over https: resumed where it broke off, bounded by its size, tried three times."""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from chassis.models.answers import UNREACHABLE, WORTH_ANOTHER_TRY, hint, wait_seconds
from chassis.models.blobs import CHUNK_BYTES, NO_ROOM
from chassis.models.connection import SourceError, UnreachableError, check, opener
from chassis.models.events import Meter

_MOST_UNSTATED_BYTES = 64 << 30
"""What a file may have whose size nobody stated before its server did."""

__all__ = ["SourceError", "Transfer"]

Result = TypeVar("Result")


class _InterruptedError(Exception):
    """The transfer broke off in a way that another try may mend, after a wait (s) where one was asked for."""

    def __init__(self, message: str, wait: float = 0.0, unreachable: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.unreachable = unreachable


def _quietly(message: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Transfer:
    """How patient transfers are.

    Attributes:
        connect_seconds: Limit for making a connection.
        read_seconds: Limit for each wait for bytes.
        pauses_seconds: Pause before each further try; one try more than there are pauses.
        most_wait_seconds: The longest that a server may ask to be left alone before a further try.
        tell: Told in a sentence when a server asks for such a wait.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    pauses_seconds: tuple[float, ...] = (1.0, 4.0)
    most_wait_seconds: float = 900.0
    tell: Callable[[str], None] = _quietly

    def fetch(self, url: str, part: Path, size: int | None, headers: Mapping[str, str], meter: Meter) -> None:
        """Completes ``part`` to ``size`` bytes, going on from what it holds already; the caller checks its digest.

        Where the size is not known, what ``part`` holds is thrown away, for it may be the beginning of another file.

        Raises:
            SourceError: the address is refused, it answers with another file, or the last try broke off; only then does
                ``part`` keep what arrived.
            OSError: there is no room for the file.
        """
        check(url)
        if part.is_symlink() or (part.exists() and not part.is_file()):  # somebody else's, or a pipe to wait for
            raise SourceError(f"{part} is no regular file; remove it")

        def once() -> None:
            if size is None:
                part.unlink(missing_ok=True)
            self._once(url, part, size, headers, meter)

        try:
            self._patiently(once)
        except _InterruptedError as error:
            tries = len(self.pauses_seconds) + 1
            kept = f"{_held(part)} of {size} bytes are kept" if size is not None else "nothing is kept"
            raise _given_up(error, f" ({tries} tries; {kept})") from error

    def read(self, url: str, headers: Mapping[str, str], most_bytes: int) -> tuple[bytes, str, str]:
        """Reads a page: its bytes, its content type, and the address that it came from in the end.

        Raises:
            SourceError: the address is refused, does not answer, or the page has more than ``most_bytes``.
        """
        check(url)

        def once() -> tuple[bytes, str, str]:
            with self._answer(url, headers) as answer:
                page = answer.read(most_bytes + 1)
                if len(page) > most_bytes:
                    raise SourceError(f"{url} gives more than {most_bytes} bytes")
                return page, answer.headers.get_content_type(), answer.url

        try:
            return self._patiently(once)
        except _InterruptedError as error:
            raise _given_up(error) from error

    def _patiently(self, once: Callable[[], Result]) -> Result:
        """Tries again after each pause; the last failure is raised as it is."""
        for pause in self.pauses_seconds:
            try:
                return once()
            except _InterruptedError as error:
                if error.wait > self.most_wait_seconds:
                    raise
                if error.wait > pause:
                    self.tell(f"{error}; waiting {error.wait:.0f} s, as it asks")
                time.sleep(max(pause, error.wait))
        return once()

    def _once(self, url: str, part: Path, size: int | None, headers: Mapping[str, str], meter: Meter) -> None:
        held = _held(part)
        if size is not None and held > size:
            part.unlink()
            held = 0
        if held == size and part.exists():
            return
        span = {"Range": f"bytes={held}-"} if held else {}
        try:
            with self._answer(url, {**headers, **span}) as answer:
                held, whole = _start(answer, held, size)
                with part.open("ab" if held else "wb") as stream:
                    self._receive(answer, stream, held, whole, meter)
        except SourceError:
            part.unlink(missing_ok=True)
            raise
        except _InterruptedError as error:
            if " answered 416 " in str(error):  # what is held is no beginning of what the server has
                part.unlink(missing_ok=True)
            raise

    @contextmanager
    def _answer(self, url: str, headers: Mapping[str, str]) -> Iterator[Any]:
        """Opens an address; what goes wrong there, or while the answer is read, is told apart by what may mend it."""
        request = urllib.request.Request(url, headers={"User-Agent": "antiphon", **headers})
        try:
            with opener(url, self.connect_seconds, self.read_seconds).open(request) as answer:
                yield answer
        except urllib.error.HTTPError as error:
            error.close()
            more = hint(error.url or url, error.code, error.headers, "Authorization" in headers)
            message = f"{url} answered {error.code} {error.reason}{more}"
            if error.code in WORTH_ANOTHER_TRY or error.code == 416:
                raise _InterruptedError(message, wait_seconds(error.headers)) from error
            raise SourceError(message) from error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            message = f"{url}: {type(reason).__name__}: {reason}"
            raise _InterruptedError(message, unreachable=isinstance(error, urllib.error.URLError)) from error

    @staticmethod
    def _receive(answer: Any, stream: IO[bytes], held: int, whole: int | None, meter: Meter) -> None:
        most = _MOST_UNSTATED_BYTES if whole is None else whole
        while chunk := answer.read1(CHUNK_BYTES):
            held += len(chunk)
            if held > most:
                raise SourceError(f"{answer.url} gives more than the {most} bytes of the file")
            stream.write(chunk)
            meter(held)
        if whole is not None and held < whole:
            raise _InterruptedError(f"{answer.url} stopped after {held} of {whole} bytes")


def _start(answer: Any, held: int, size: int | None) -> tuple[int, int | None]:
    """Byte of the file that the answer's body begins with, and the file's size; None where the body ends by itself."""
    length = answer.headers.get("Content-Length")
    if answer.status == 206:
        match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != held:
            raise SourceError(f"{answer.url} answered another range than the one asked for")
    else:
        held = 0
    stated = held + int(length) if length is not None and length.isdigit() else None
    if size is None:
        return held, stated
    if stated is not None and stated != size:
        raise SourceError(f"{answer.url} has {stated} bytes; the file has {size}")
    return held, size


def _given_up(error: _InterruptedError, what: str = "") -> SourceError:
    if error.unreachable:
        return UnreachableError(f"{error}{what}; {UNREACHABLE}")
    later = f"; it asks to come back after {error.wait:.0f} s" if error.wait else ""
    return SourceError(f"{error}{what}{later}")


def _held(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
