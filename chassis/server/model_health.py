"""Health of a server, and of each of its models under the service's full name, a slash, and the model's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from grpc_health.v1 import health, health_pb2

from chassis.reports import ModelReadiness

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

WRITE_SECONDS = 30.0
"""How long one who watches may leave a word unread."""


class ModelHealth(health.aio.HealthServicer):  # type: ignore[misc]  # untyped library
    """Answers Check of ``antiphon.speech.v1.SpeechService/whisper-base`` by that model; all else as the library does.

    A model changes when its files do, which nobody tells this process of: it is looked up when it is asked for, and
    cannot be watched.

    Attributes:
        models: Gives the models of this process.
    """

    def __init__(self) -> None:
        super().__init__()
        self.models: Callable[[], Sequence[ModelReadiness]] = tuple
        self._changed = asyncio.Event()

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> Any:
        """Tells how the service is, or one model of it; NOT_FOUND where neither is known."""
        service, _, name = request.service.partition("/")
        status = self._server_status.get(service)
        model = next((each for each in self.models() if each.name == name), None) if name and status else None
        if model is None:
            return await super().Check(request, context)
        serving = status == _SERVING and model.state == "ready"
        return health_pb2.HealthCheckResponse(status=_SERVING if serving else _NOT_SERVING)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:
        """Tells how the service is, and again whenever that changes; ends for one who leaves a word unread.

        The library's own holds a lock while it writes: one who read nothing would keep all from being told anything.
        """
        last = None
        while True:
            changed = self._changed
            status = self._server_status.get(request.service, _UNKNOWN)
            if status != last:
                async with asyncio.timeout(WRITE_SECONDS):
                    await context.write(health_pb2.HealthCheckResponse(status=status))
                last = status
            await changed.wait()

    async def set(self, service: str, status: Any) -> None:
        """Sets how a service is, and tells those who watch."""
        await super().set(service, status)
        self._tell()

    async def enter_graceful_shutdown(self) -> None:
        """Tells all who ask or watch that nothing is served any more."""
        await super().enter_graceful_shutdown()
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
