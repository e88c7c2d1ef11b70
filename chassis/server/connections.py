"""Keeps a process that has few descriptors from running out of them: its limit, its connections, and who makes room.

A connection costs its owner nothing and this process a descriptor. Where none is left, no connection can be taken, no
upload spooled and no worker started. So connections have a part of the descriptors and no more; and where that part is
nearly used up, those that have no call under way are closed, the oldest first.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import grpc

from chassis.open_files import FOLDER, open_files

log = logging.getLogger(__name__)

_KEPT_BACK = 512
"""Descriptors kept for uploads, answers, models and workers, where there are many."""
_LOOK_SECONDS = 0.5


def connections_of(limit: int) -> int:
    """How many of so many descriptors are for connections.

    >>> connections_of(64), connections_of(1024), connections_of(16_384)
    (16, 512, 15872)
    """
    return max(limit // 4, limit - _KEPT_BACK)


class Connections(grpc.aio.ServerInterceptor):
    """Knows which connections have a call, and closes others where there are too many.

    Args:
        most: Connections that there may be.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.closed_count = 0
        self._ports: set[int] = set()
        self._calls: Counter[tuple[str, int]] = Counter()
        self._seen: dict[tuple[str, int], None] = {}
        self._watching: asyncio.Task[None] | None = None

    def watch(self, *ports: int) -> None:
        """Looks after the connections to these ports from now on."""
        self._ports.update(port for port in ports if port)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Looks after them no more."""
        if self._watching is not None:
            self._watching.cancel()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Gives the method's handler, its connection counted as used while it runs."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:
            return None
        kinds = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
        return handler._replace(**{kind: self._counted(getattr(handler, kind)) for kind in kinds})

    def _counted(self, behaviour: Callable[..., Any] | None) -> Callable[..., Any] | None:
        if behaviour is None:
            return None
        known = behaviour
        if inspect.isasyncgenfunction(known):

            async def yielding(request: Any, context: Any) -> AsyncIterator[Any]:
                with self._call(context):
                    async for response in known(request, context):
                        yield response

            return yielding

        async def answering(request: Any, context: Any) -> Any:
            with self._call(context):
                return await known(request, context)

        return answering

    @contextmanager
    def _call(self, context: Any) -> Iterator[None]:
        peer = end_of(context.peer() or "")
        self._calls[peer] += 1
        try:
            yield
        finally:
            self._calls[peer] -= 1
            if not self._calls[peer]:
                del self._calls[peer]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                self.make_room()
            except OSError:
                log.exception("the connections could not be looked at")

    def make_room(self) -> None:
        """Closes connections without a call, the oldest first, where more than three quarters of the most are open."""
        count = open_files()
        enough = self.most * 3 // 4
        # Cheap where all is well: only with so many files can there be so many connections.
        if count is None or count <= enough:
            self._seen.clear()
            return
        found = dict(self._connections())
        self._seen = {each: None for each in (*(old for old in self._seen if old in found), *found)}
        idle = [each for each in self._seen if each not in self._calls]
        closing = idle[: max(0, len(found) - enough)]
        for each in closing:
            self._shut(each, found[each])
        self.closed_count += len(closing)
        if closing:
            log.warning("%d of %d connections had no call and were closed to make room", len(closing), len(found))

    def _connections(self) -> Iterator[tuple[tuple[str, int], int]]:
        """Finds the open connections to the ports: the other end, and the descriptor."""
        for name in os.listdir(FOLDER):
            with contextlib.suppress(OSError), _copy_of(int(name)) as each:
                if each.family in (socket.AF_INET, socket.AF_INET6) and each.getsockname()[1] in self._ports:
                    host, port = each.getpeername()[:2]
                    yield (_plain(host), port), int(name)

    def _shut(self, peer: tuple[str, int], descriptor: int) -> None:
        # By a copy: gRPC closes its own once it has read the end. Another thread may have done so meanwhile, and the
        # number be another file's by now.
        with contextlib.suppress(OSError), _copy_of(descriptor) as each:
            host, port = each.getpeername()[:2]
            if (_plain(host), port) == peer:
                each.shutdown(socket.SHUT_RDWR)


def end_of(peer: str) -> tuple[str, int]:
    """Host and port in gRPC's name of a peer; no port for one that has none.

    >>> end_of("ipv6:%5B::1%5D:40000")
    ('::1', 40000)
    """
    host, _, port = unquote(peer.partition(":")[2]).rpartition(":")
    return (_plain(host.strip("[]")), int(port)) if port.isdigit() else (peer, 0)


def _plain(host: str) -> str:
    return host.removeprefix("::ffff:")


def _copy_of(descriptor: int) -> socket.socket:
    """Opens a socket a second time.

    Raises:
        OSError: it is none, or gone meanwhile.
    """
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
