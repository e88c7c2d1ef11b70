"""The overlays as kustomize makes them, and what the code says that they have to fit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.server.serving import Server
from chassis.server.settings import ServerSettings
from deploy.checks.manifests import KUBECTL, OVERLAYS, render
from tests.deploy.kubernetes.facts import Facts, manifest_models
from tests.deploy.kubernetes.objects import Objects

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
POSSIBLE = ("", "liveness", "readiness", "startup", "ready", "health")
"""Names that a probe might ask for."""


@pytest.fixture(scope="session")
def overlays() -> dict[str, Objects]:
    """Every overlay by its folder."""
    if KUBECTL.find() is None:
        pytest.skip("there is no kubectl here: make check-deploy brings it")
    return {name: Objects(render(DEPLOY, name)) for name in OVERLAYS}


@pytest.fixture(scope="session")
def facts(settings: dict[str, str], image_variables: set[str]) -> Facts:
    """What the code says, health as a running server tells it."""
    models, starter = manifest_models()
    return Facts(settings, frozenset(image_variables), frozenset(asyncio.run(_health())), models, starter)


async def _health() -> list[str]:
    """Those of the possible names that a server answers for."""
    server = Server("speech", ServerSettings(port=-1))
    await server.start()
    known = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for name in POSSIBLE:
            try:
                await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.NOT_FOUND
            else:
                known.append(name)
    await server.drain()
    return known
