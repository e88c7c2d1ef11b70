"""The replicas of one service: the channel round those that are ready, and the wait for one where none is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon.evidence.v1 import evidence_pb2
from gateway import call_failure
from gateway.channels import READINESS
from gateway.patience import Presence, patience

LOOK_SECONDS = 1.0
"""Between two looks at who is there, and the longest that a look may take."""
TELLING_SECONDS = 0.05
"""Kept back from a caller's time, so that it hears who is missing and not only that the time is up."""
WAITING = evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_QUEUED, step="waiting for a replica")
"""What is told of a stage meanwhile."""

Open = Callable[[], grpc.aio.Channel]


class Replicas:
    """Who answers for one service.

    Args:
        service: Its word, for messages.
        target: Where it is, for messages.
        open_channel: Opens a channel round the replicas that are ready; see :func:`gateway.channels.open_channel`.
        open_front: Opens one to any replica, to ask it how it is; see :func:`gateway.channels.open_front`.
        start_seconds: How long a replica takes to start; None where nobody has said so.

    Attributes:
        channel: The channel round those that are ready; another one after a wait.
    """

    def __init__(
        self, service: str, target: str, open_channel: Open, open_front: Open, start_seconds: float | None = None
    ) -> None:
        self.service = service
        self.target = target
        self.channel = open_channel()
        self._open_channel = open_channel
        self._open_front = open_front
        self._start_seconds = start_seconds
        self._presence = Presence.NEVER_SEEN
        self._closing: set[asyncio.Task[None]] = set()

    async def wait(self, seconds_left: float) -> AsyncGenerator[evidence_pb2.Progress, None]:
        """Ends once a replica is ready; tells, where none is at once, that it waits for one.

        Args:
            seconds_left: Longest that the caller would wait.

        Raises:
            CallFailure: SERVICE_UNREACHABLE where none was ready in time.
        """
        clock = asyncio.get_running_loop().time
        began, told = clock(), False
        channel, ready = self._watch()
        try:
            while True:
                longest = max(0.0, min(patience(self._start_seconds, self._presence), seconds_left - TELLING_SECONDS))
                left = began + longest - clock()
                await asyncio.wait({ready}, timeout=max(0.0, min(left, LOOK_SECONDS)))
                if ready.done() and ready.exception() is None:
                    break
                if left <= 0:
                    raise call_failure.unreachable(self.service, self.target, longest)
                if not told:
                    told = True
                    yield WAITING
                if await self._serving() and channel is self.channel and not ready.done():
                    self._reopen()
                if channel is not self.channel:
                    ready.cancel()
                    channel, ready = self._watch()
        finally:
            ready.cancel()
        self._presence = Presence.GONE  # as soon as none is ready

    async def status(self) -> int | grpc.aio.AioRpcError:
        """Asks one replica, ready or not, whether it is ready; gives its health status, or why there is none."""
        async with self._open_front() as front:
            question = health_pb2.HealthCheckRequest(service=READINESS)
            try:
                answer = await health_pb2_grpc.HealthStub(front).Check(question, timeout=LOOK_SECONDS)
            except grpc.aio.AioRpcError as error:
                return error
        return int(answer.status)

    async def close(self) -> None:
        """Closes the channel, and those before it."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(self.channel.close(), *self._closing, return_exceptions=True)

    def _watch(self) -> tuple[grpc.aio.Channel, asyncio.Future[None]]:
        return self.channel, asyncio.ensure_future(self.channel.channel_ready())

    async def _serving(self) -> bool:
        """Looks who is there, and remembers it; tells whether that one is ready."""
        status = await self.status()
        if isinstance(status, int):
            self._presence = Presence.STARTING
        elif self._presence is Presence.STARTING:
            self._presence = Presence.GONE
        return bool(status == health_pb2.HealthCheckResponse.SERVING)

    def _reopen(self) -> None:
        """Opens another channel where the one there is does not see who is ready.

        gRPC asks for the addresses of a name that has none ever more seldom, up to every two minutes, and nothing in
        Python makes it ask at once (grpcio 1.85: a name that appears after 30 s is found 14 s later). Calls under way
        on the old channel end on it.
        """
        old, self.channel = self.channel, self._open_channel()
        task = asyncio.create_task(old.close(grace=_CALL_SECONDS))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


_CALL_SECONDS = 24 * 3600.0
"""Longer than any call; each has a deadline of its own."""
