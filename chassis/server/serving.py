"""Starts a gRPC server with health and reflection, and ends it without dropping a call."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from chassis.open_files import open_files, raise_limit
from chassis.reports import ModelReadiness, PoolStatus
from chassis.server import reflection, status_service, telemetry
from chassis.server.calls import InFlight
from chassis.server.connections import Connections, connections_of
from chassis.server.counted import CountedServer
from chassis.server.metrics_page import MetricsPage
from chassis.server.model_health import ModelHealth
from chassis.server.named_clients import NamedClients
from chassis.server.readable import TRANSPORT_BYTES, ReadableMessages
from chassis.server.refusal import CannotStartError
from chassis.server.settings import ServerSettings
from chassis.server.side_calls import SideCalls

log = logging.getLogger(__name__)

# Half-open connections are dropped after 2 s instead of 120; the stream limit is per connection, and a lower one makes
# a client's idle streams starve its own other calls. maximum_concurrent_rpcs stays unset: it refuses health checks too.
_OPTIONS = [
    ("grpc.server_handshake_timeout_ms", 2_000),
    ("grpc.max_concurrent_streams", 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", TRANSPORT_BYTES),
]
_AGE_MARGIN_MS = 60_000
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Server:
    """One process' gRPC server.

    Args:
        name: Service name, such as ``speech``.
        settings: Where to listen and how to end.
        default_port: Where it listens where the settings leave that to the service.
    """

    def __init__(self, name: str, settings: ServerSettings, default_port: int = 0) -> None:
        self.name = name
        self.settings = settings
        self._default_port = default_port
        self.in_flight = InFlight()
        self.reading = settings.reading
        telemetry.show_answers(lambda: self.reading.spool.used_bytes)
        self.port = 0
        self._health = ModelHealth()
        callers = [NamedClients(settings.tls_client_names)] if settings.tls_client_names else []
        # An idle connection costs its owner nothing and this process a descriptor.
        idle = ("grpc.max_connection_idle_ms", round(settings.connection_idle_seconds * 1000))
        age = ("grpc.max_connection_age_ms", round(settings.connection_age_seconds * 1000))
        # No call is cut off by its connection's age: each ends by itself before this is over.
        grace = ("grpc.max_connection_age_grace_ms", round(settings.max_call_seconds * 1000) + _AGE_MARGIN_MS)
        self.connections = Connections(connections_of(raise_limit()))
        most = ("grpc.max_allowed_incoming_connections", self.connections.most)
        self._options = [*_OPTIONS, idle, age, grace, most]
        self._guards = [self.connections, ReadableMessages(), SideCalls()]
        self._server = grpc.aio.server(options=self._options, interceptors=[*callers, *self._guards])
        telemetry.show_files(open_files, lambda: self.connections.closed_count)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._probes: grpc.aio.Server | None = None
        self._names: list[str] = [health.SERVICE_NAME]
        self._ready: Callable[[], bool] = lambda: True
        self._workers: dict[str, Callable[[], PoolStatus]] = {}
        self._models: Callable[[], Sequence[ModelReadiness]] = tuple
        self._draining = False
        self.fault = ""
        self.ending = asyncio.Event()
        self._updates: set[asyncio.Task[None]] = set()

    def add(self, servicer: Any, register: Callable[[Any, Any], None], full_name: str) -> None:
        """Adds a servicer by its generated ``add_…_to_server`` function; it gains what :func:`rpc` needs."""
        servicer.full_name = full_name
        servicer.in_flight = self.in_flight
        servicer.max_call_seconds = self.settings.max_call_seconds
        servicer.reading = self.reading
        register(servicer, CountedServer(self._server))
        self._names.append(full_name)

    def ready_when(self, ready: Callable[[], bool]) -> None:
        """Sets what readiness means; call :meth:`refresh` whenever it may have changed."""
        self._ready = ready

    def give_up(self, why: str) -> None:
        """Has :func:`serve` end because the server cannot do what it was set to do; the first reason stands."""
        self.fault = self.fault or why
        self.ending.set()

    def report_workers(self, field: str, status: Callable[[], PoolStatus]) -> None:
        """Sets where StatusService learns how the workers of a field of its answer are."""
        self._workers[field] = status

    def report_models(self, models: Callable[[], Sequence[ModelReadiness]]) -> None:
        """Sets where StatusService and health learn which models can answer."""
        self._models = self._health.models = models

    def refresh(self) -> None:
        """Publishes readiness; draining is never undone."""
        task = asyncio.create_task(self._publish())
        self._updates.add(task)
        task.add_done_callback(self._updates.discard)

    async def start(self) -> int:
        """Starts listening; returns the port.

        Raises:
            OSError: the address cannot be had.
        """
        if self.settings.status_service:
            status = status_service.StatusServicer(self.name, self.in_flight, self._workers, self._models)
            self.add(status, status_service.register, status_service.FULL_NAME)
        if self.settings.reflection:
            self._names.extend(reflection.NAMES)
            reflection.enable(self._names, self._server)
        port = self.settings.port or self._default_port
        address = f"{self.settings.host}:{max(port, 0)}"
        try:
            self.port = self._bind(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error
        await self._server.start()
        if self.settings.health_port:
            await self._start_probes()
        self.connections.watch(self.port, self.settings.health_port)
        await self._publish()
        return self.port

    async def _start_probes(self) -> None:
        """Health on a port of its own: neither the image's check nor Kubernetes' gRPC probes show a certificate."""
        probes = grpc.aio.server(options=self._options, interceptors=self._guards)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, probes)
        address = f"{self.settings.host}:{self.settings.health_port}"
        try:
            probes.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error
        await probes.start()
        self._probes = probes

    def _bind(self, address: str) -> int:
        if not self.settings.tls_cert_file:
            return int(self._server.add_insecure_port(address))
        ca = self.settings.tls_client_ca_file
        credentials = grpc.ssl_server_credentials(
            [(Path(self.settings.tls_key_file).read_bytes(), Path(self.settings.tls_cert_file).read_bytes())],
            root_certificates=Path(ca).read_bytes() if ca else None,
            require_client_auth=bool(ca),
        )
        return int(self._server.add_secure_port(address, credentials))

    async def _publish(self) -> None:
        if self._draining:
            return
        await self._health.set("", _SERVING)
        await self._health.set("liveness", _SERVING)
        readiness = _SERVING if self._ready() else _NOT_SERVING
        await self._health.set("readiness", readiness)
        for name in self._names:
            await self._health.set(name, readiness)

    async def drain(self) -> None:
        """Reports NOT_SERVING, lets calls under way end, and stops.

        An open health watch would hold ``stop`` for its whole grace, so the wait is for our own calls.
        """
        self._draining = True
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self.settings.lame_duck_seconds)
        self.in_flight.draining = True
        try:
            async with asyncio.timeout(self.settings.drain_seconds):
                await self.in_flight.wait_none()
        except TimeoutError:
            log.warning("%d calls did not end within %g s", self.in_flight.count, self.settings.drain_seconds)
        self.connections.stop()
        await self._server.stop(0.5)
        if self._probes is not None:
            await self._probes.stop(0.0)


async def serve(server: Server, closers: Sequence[Callable[[], Any]] = ()) -> None:
    """Runs until SIGTERM or SIGINT, drains, then awaits ``closers`` in order.

    Raises:
        OSError: an address cannot be had; the closers have run.
        CannotStartError: the server gave up; the closers have run.
    """
    settings, metrics = server.settings, MetricsPage(server.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.ending.set)
    try:
        if settings.metrics_port:
            await _show_metrics(metrics, server)
        if settings.otlp_endpoint:
            telemetry.start_traces(settings.otlp_endpoint, server.name)
        port = await server.start()
        log.info("%s listens on %s:%d", server.name, settings.host, port)
        await server.ending.wait()
        log.info("%s drains", server.name)
        await server.drain()
    finally:
        for close in (metrics.close, *closers):
            result = close()
            if result is not None:
                await result
    if server.fault:
        raise CannotStartError(server.fault)


async def _show_metrics(page: MetricsPage, server: Server) -> None:
    host, port, variable = server.settings.metrics_host, server.settings.metrics_port, server.name.upper()
    try:
        await page.start(host, port)
    except OSError as error:
        raise OSError(
            error.errno,
            f"cannot show metrics at {host}:{port} ({error.strerror}); give this service a port of its own by "
            f"{variable}_METRICS_PORT, for ANTIPHON_METRICS_PORT is one port for the first service alone",
        ) from error
