"""Connections to where files come from: which addresses are asked, how long each may take, who sees the token."""

from __future__ import annotations

import http.client
import urllib.parse
import urllib.request
from typing import IO, Any

from antiphon_wire.addresses import is_loopback


class SourceError(Exception):
    """One source cannot give the file; the message says why, and the next source is tried."""


class UnreachableError(SourceError):
    """Nobody answers at the source's address."""


def check(url: str) -> None:
    """Raises SourceError for an address that is neither https nor plain http on this machine."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise SourceError(f"{url} is refused; give an https address (plain http only from this machine)")


def opener(url: str, connect_seconds: float, read_seconds: float) -> urllib.request.OpenerDirector:
    """What opens ``url``: both limits hold for each connection; this machine is asked without a proxy."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            self.timeout = connect_seconds
            super().connect()
            self.sock.settimeout(read_seconds)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            self.timeout = connect_seconds
            super().connect()
            self.sock.settimeout(read_seconds)

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
        check(newurl)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following
