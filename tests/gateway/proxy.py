"""A way to a server that can be cut."""

from __future__ import annotations

import asyncio


class Proxy:
    """Passes bytes on to a server until it is told to cut every connection."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.partition(":")
        self._port = int(port)
        self._listens_on = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listens, at the same place every time; returns where."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._listens_on)
        self._listens_on = self._server.sockets[0].getsockname()[1]
        return f"127.0.0.1:{self._listens_on}"

    def cut(self) -> None:
        """Resets every connection there is; later ones work."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers = []

    async def stop(self) -> None:
        """Ends it."""
        self.cut()
        self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._writers += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
