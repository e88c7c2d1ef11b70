"""The StatusService that every process serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from antiphon.status.v1 import status_service_pb2 as pb
from antiphon.status.v1 import status_service_pb2_grpc as pb_grpc
from chassis.reports import ModelReadiness, PoolStatus
from chassis.server.calls import InFlight, rpc
from chassis.version import VERSION

FULL_NAME = pb.DESCRIPTOR.services_by_name["StatusService"].full_name
_STATES = {
    "ready": pb.ModelStatus.STATE_READY,
    "damaged": pb.ModelStatus.STATE_DAMAGED,
    "not installed": pb.ModelStatus.STATE_NOT_INSTALLED,
}
register = pb_grpc.add_StatusServiceServicer_to_server


class StatusServicer(pb_grpc.StatusServiceServicer):
    """Answers StatusService's RPCs.

    Args:
        name: The process' service, such as ``speech``.
        in_flight: Its calls.
        workers: How its workers of each kind are, by the field of GetStatusResponse.
        models: Which models can answer.
    """

    def __init__(
        self,
        name: str,
        in_flight: InFlight,
        workers: Mapping[str, Callable[[], PoolStatus]],
        models: Callable[[], Sequence[ModelReadiness]] = tuple,
    ) -> None:
        self._name = name
        self._calls = in_flight
        self._workers = workers
        self._models = models
        self._started = time.time()

    @rpc
    async def GetStatus(self, request: pb.GetStatusRequest, context: Any) -> pb.GetStatusResponse:
        """Tells how this process is."""
        response = pb.GetStatusResponse(
            service=self._name,
            service_version=VERSION,
            call_count=self._calls.count,
            draining=self._calls.draining,
        )
        response.start_time.FromNanoseconds(round(self._started * 1e9))
        for field, status in self._workers.items():
            _fill(getattr(response, field), status())
        response.models.extend(_model(each) for each in self._models())
        return response


def _model(model: ModelReadiness) -> pb.ModelStatus:
    return pb.ModelStatus(
        name=model.name,
        engine=model.engine,
        default_model=model.default,
        state=_STATES[model.state],
        problem=model.problem,
        command=model.command,
    )


def _fill(message: pb.WorkerStatus, status: PoolStatus) -> None:
    message.kept_count = status.kept
    message.ready_count = status.ready
    message.restart_count = status.restarts
    message.last_problem = status.last_problem
    message.admitted_count = status.admitted
    message.admitted_limit = status.admitted_limit
    message.loaded = status.loaded
    message.sandbox = status.sandbox
    if status.last_restart is not None:
        message.last_restart_time.FromNanoseconds(round(status.last_restart * 1e9))
