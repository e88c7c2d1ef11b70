"""A file over https: resumed where it broke off, bounded by its known size, tried three times."""

from __future__ import annotations

import errno
import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from antiphon_wire.addresses import is_loopback
from chassis.models.blobs import CHUNK_BYTES
from chassis.models.events import Meter

_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class SourceError(Exception):
    """One source cannot give the file; the message says why, and the next source is tried."""


class _Interrupted(Exception):
    """The transfer broke off in a way that another try may mend."""


@dataclass(frozen=True)
class Transfer:
    """How patient transfers are.

    Attributes:
        connect_seconds: Limit for making a connection.
        read_seconds: Limit for each wait for bytes.
        pauses_seconds: Pause before each further try; one try more than there are pauses.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    pauses_seconds: tuple[float, ...] = (1.0, 4.0)

    def fetch(self, url: str, part: Path, size: int, headers: Mapping[str, str], meter: Meter) -> None:
        """Completes ``part`` to ``size`` bytes, going on from what it holds already; the caller checks its digest.

        Raises:
            SourceError: the address is refused, it answers with another file, or the last try broke off; only then does
                ``part`` keep what arrived.
        """
        _check(url)
        if part.is_symlink() or (part.exists() and not part.is_file()):  # somebody else's, or a pipe to wait for
            raise SourceError(f"{part} is no regular file; remove it")
        for pause in (*self.pauses_seconds, None):
            try:
                self._once(url, part, size, headers, meter)
                return
            except _Interrupted as error:
                if pause is None:
                    tries = len(self.pauses_seconds) + 1
                    raise SourceError(f"{error} ({tries} tries; {_held(part)} of {size} bytes are kept)") from error
                time.sleep(pause)

    def read(self, url: str, headers: Mapping[str, str], most_bytes: int) -> tuple[bytes, str, str]:
        """Reads a page: its bytes, its content type, and the address that it came from in the end.

        Raises:
            SourceError: the address is refused, does not answer, or the page has more than ``most_bytes``.
        """
        _check(url)
        request = urllib.request.Request(url, headers={"User-Agent": "antiphon", **headers})
        for pause in (*self.pauses_seconds, None):
            try:
                with self._opener(url).open(request) as answer:
                    page = answer.read(most_bytes + 1)
                    if len(page) > most_bytes:
                        raise SourceError(f"{url} gives more than {most_bytes} bytes")
                    return page, answer.headers.get_content_type(), answer.url
            except urllib.error.HTTPError as error:
                error.close()
                if pause is None or error.code not in _WORTH_ANOTHER_TRY:
                    raise SourceError(f"{url} answered {error.code} {error.reason}") from error
            except (OSError, http.client.HTTPException) as error:
                reason = error.reason if isinstance(error, urllib.error.URLError) else error
                if pause is None:
                    raise SourceError(f"{url}: {type(reason).__name__}: {reason}") from error
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _once(self, url: str, part: Path, size: int, headers: Mapping[str, str], meter: Meter) -> None:
        held = _held(part)
        if held > size:
            part.unlink()
            held = 0
        if held == size and part.exists():
            return
        request = urllib.request.Request(url, headers={"User-Agent": "antiphon", **headers})
        if held:
            request.add_header("Range", f"bytes={held}-")
        try:
            with self._opener(url).open(request) as answer:
                held = _start(answer, held, size)
                with part.open("ab" if held else "wb") as stream:
                    self._receive(answer, stream, held, size, meter)
        except SourceError:
            part.unlink(missing_ok=True)
            raise
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:  # what is held is no beginning of what the server has
                part.unlink(missing_ok=True)
                raise _Interrupted(f"{url} answered 416 to the range that was asked for") from error
            hint = "; the file may need an access token (HF_TOKEN)" if error.code in (401, 403) else ""
            failure = _Interrupted if error.code in _WORTH_ANOTHER_TRY else SourceError
            raise failure(f"{url} answered {error.code} {error.reason}{hint}") from error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise SourceError(f"no room left on the disk for {part.name}") from error
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise _Interrupted(f"{url}: {type(reason).__name__}: {reason}") from error

    @staticmethod
    def _receive(answer: Any, stream: IO[bytes], held: int, size: int, meter: Meter) -> None:
        while chunk := answer.read1(CHUNK_BYTES):
            held += len(chunk)
            if held > size:
                raise SourceError(f"{answer.url} gives more than the {size} bytes of the file")
            stream.write(chunk)
            meter(held)
        if held < size:
            raise _Interrupted(f"{answer.url} stopped after {held} of {size} bytes")

    def _opener(self, url: str) -> urllib.request.OpenerDirector:
        patience = self

        class Plain(http.client.HTTPConnection):
            def connect(self) -> None:
                self.timeout = patience.connect_seconds
                super().connect()
                self.sock.settimeout(patience.read_seconds)

        class Secure(http.client.HTTPSConnection):
            def connect(self) -> None:
                self.timeout = patience.connect_seconds
                super().connect()
                self.sock.settimeout(patience.read_seconds)

        class PlainHandler(urllib.request.HTTPHandler):
            def http_open(self, req: urllib.request.Request) -> Any:
                return self.do_open(Plain, req)

        class SecureHandler(urllib.request.HTTPSHandler):
            def https_open(self, req: urllib.request.Request) -> Any:
                return self.do_open(Secure, req)

        handlers: list[urllib.request.BaseHandler] = [PlainHandler(), SecureHandler(), _Redirects()]
        if is_loopback(urllib.parse.urlsplit(url).hostname or ""):
            handlers.append(urllib.request.ProxyHandler({}))
        return urllib.request.build_opener(*handlers)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to addresses that would be accepted, and keeps the token from other hosts."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check(newurl)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def _start(answer: Any, held: int, size: int) -> int:
    """Byte of the file that the answer's body begins with."""
    length = answer.headers.get("Content-Length")
    if answer.status == 206:
        match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != held:
            raise SourceError(f"{answer.url} answered another range than the one asked for")
    else:
        held = 0
    if length is not None and length.isdigit() and held + int(length) != size:
        raise SourceError(f"{answer.url} has {held + int(length)} bytes; the file has {size}")
    return held


def _check(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise SourceError(f"{url} is refused; give an https address (plain http only from this machine)")


def _held(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
