"""Health of a server, and of each of its models under the service's full name, a slash, and the model's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grpc_health.v1 import health, health_pb2

from chassis.reports import ModelReadiness

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


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

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> Any:
        """Tells how the service is, or one model of it; NOT_FOUND where neither is known."""
        service, _, name = request.service.partition("/")
        status = self._server_status.get(service)
        model = next((each for each in self.models() if each.name == name), None) if name and status else None
        if model is None:
            return await super().Check(request, context)
        serving = status == _SERVING and model.state == "ready"
        return health_pb2.HealthCheckResponse(status=_SERVING if serving else _NOT_SERVING)
