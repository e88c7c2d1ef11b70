"""Whether each service answers, by its own readiness check."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from gateway.channels import READINESS
from gateway.service_call import Route

_log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0


async def check_all(routes: Iterable[Route]) -> list[analysis_pb2.ServiceStatus]:
    """Asks every service at once; in the order given."""
    return list(await asyncio.gather(*(check(route) for route in routes)))


async def check(route: Route) -> analysis_pb2.ServiceStatus:
    """Asks one service whether a replica is ready; a second without an answer counts as no."""
    status = analysis_pb2.ServiceStatus(service=route.service)
    stub = health_pb2_grpc.HealthStub(route.replicas.channel)
    try:
        # This channel goes round those that are ready, so that one of several that is not says nothing.
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=READINESS), timeout=CHECK_SECONDS)
        status.ready = answer.status == health_pb2.HealthCheckResponse.SERVING
    except grpc.aio.AioRpcError:
        pass
    if status.ready:
        return status
    said = await route.replicas.status()
    if isinstance(said, int):
        name = health_pb2.HealthCheckResponse.ServingStatus.Name(said)
        status.problem = f"its readiness check answers {name}"
        status.ready = said == health_pb2.HealthCheckResponse.SERVING
    else:
        # Where it is, and what gRPC says of the way there, is for the log: whoever asks may be a stranger.
        _log.warning("%s at %s is not ready: %s: %s", route.service, route.target, said.code().name, said.details())
        status.problem = f"{said.code().name}: it gave no answer to a readiness check; the gateway's log says why"
    return status
