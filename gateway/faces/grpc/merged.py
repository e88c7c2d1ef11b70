"""From work that sends to a stream that is read: what gRPC asks of a streaming call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from gateway.analysis.events import Send

# Each waiting event holds at most one chunk, so that a slow caller slows the services instead of filling memory.
_WAITING_EVENTS = 4


async def merged(
    work: Callable[[Send], Coroutine[Any, Any, None]],
) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Yields what ``work`` sends while it runs, then raises what it raised; closing this cancels it."""
    queue: asyncio.Queue[analysis_pb2.AnalyzeResponse | None] = asyncio.Queue(_WAITING_EVENTS)

    async def run() -> None:
        try:
            await work(queue.put)
        finally:
            # None ends the reading. Where this is cancelled nobody reads any more, and a full queue would hold it up.
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                await queue.put(None)

    task = asyncio.create_task(run())
    try:
        while (event := await queue.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        # Not left behind: the calls below are closed before this returns, and with them the files of the analysis.
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # Marks it as seen where the caller has gone.
