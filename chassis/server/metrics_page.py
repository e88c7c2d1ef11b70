"""The Prometheus page of a process, over as much HTTP as a scraper needs.

The library's own server gives every connection a thread for as long as it lasts; here a connection costs a task, has
little time, and the oldest makes room where there are many, so that idle ones never keep a scraper out.
"""

from __future__ import annotations

import asyncio
import contextlib

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from chassis.server.named_samples import NamedSamples

MAX_CONNECTIONS = 16
CONNECTION_SECONDS = 5.0
"""Seconds that a connection lasts at most, whatever its peer does."""
_MAX_REQUEST_BYTES = 8 << 10


class MetricsPage:
    """Serves the page until it is closed.

    Args:
        service: Name of the service, which every sample bears.
        max_connections: Connections at once; one more ends the oldest.
        connection_seconds: Seconds that one may take.

    Attributes:
        port: Where it listens; 0 before it does.
    """

    def __init__(
        self, service: str, max_connections: int = MAX_CONNECTIONS, connection_seconds: float = CONNECTION_SECONDS
    ) -> None:
        self._registry = NamedSamples(REGISTRY, service)
        self.port = 0
        self._max_connections = max_connections
        self._connection_seconds = connection_seconds
        self._connections: dict[asyncio.Task[None], None] = {}
        self._server: asyncio.Server | None = None

    @property
    def connection_count(self) -> int:
        """Connections that are open."""
        return len(self._connections)

    async def start(self, host: str, port: int) -> None:
        """Listens; port 0 is any free one.

        Raises:
            OSError: the address cannot be had.
        """
        self._server = await asyncio.start_server(self._accept, host, port, limit=_MAX_REQUEST_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stops listening and ends every connection."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(self._connections) >= self._max_connections:
            oldest = next(iter(self._connections))
            self._connections.pop(oldest)
            oldest.cancel()
        connection = asyncio.create_task(self._talk(reader, writer))
        self._connections[connection] = None

        def ended(_: object) -> None:
            # Not in the task: one that is cancelled before it began runs nothing of its own.
            self._connections.pop(connection, None)
            writer.transport.abort()

        connection.add_done_callback(ended)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What is no request, comes too slowly or goes away gets no answer: nobody of good will sends it.
        with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(self._connection_seconds):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head.split(b"\r\n", 1)[0], self._registry))
                await writer.drain()
                writer.write_eof()
                # Not before the peer has read it all and closed: an abort would take back what is under way.
                while await reader.read(_MAX_REQUEST_BYTES):
                    pass


def _answer(request: bytes, registry: CollectorRegistry) -> bytes:
    """Gives the whole response to a request line."""
    method, _, rest = request.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method not in (b"GET", b"HEAD"):
        return _response("405 Method Not Allowed", "text/plain", b"")
    if path not in (b"/", b"/metrics"):
        return _response("404 Not Found", "text/plain", b"the metrics are at /metrics\n")
    page = generate_latest(registry)
    return _response("200 OK", CONTENT_TYPE_LATEST, page, with_body=method == b"GET")


def _response(status: str, content_type: str, body: bytes, with_body: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + (body if with_body else b"")
