"""What an operator turns on: TLS both ways, metrics, traces, drain on SIGTERM; seen from outside a real process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from antiphon.analysis.v1 import analysis_service_pb2 as pb
from antiphon.analysis.v1 import analysis_service_pb2_grpc as pb_grpc
from antiphon_wire.exits import CANNOT_START
from chassis import health

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def gateway(port: int, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
    """A gateway process on ``port``; killed at the end where it still runs."""
    environment = {**os.environ, "GATEWAY_PORT": str(port), "GATEWAY_LAME_DUCK_SECONDS": "0"}
    environment |= {f"GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def channel(target: str, credentials: grpc.ChannelCredentials | None = None) -> AsyncIterator[grpc.aio.Channel]:
    options = [("grpc.use_local_subchannel_pool", 1)]
    make = grpc.aio.insecure_channel(target, options=options)
    if credentials is not None:
        make = grpc.aio.secure_channel(target, credentials, options=options)
    async with make as each:
        yield each


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


class TraceSink(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: list[object] = []

    async def Export(self, request: object, context: object) -> trace_service_pb2.ExportTraceServiceResponse:
        for resource in request.resource_spans:  # type: ignore[attr-defined]
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return trace_service_pb2.ExportTraceServiceResponse()


async def test_a_call_is_counted_on_the_metrics_page(unused_tcp_port_factory: Callable[[], int]) -> None:
    port, metrics = unused_tcp_port_factory(), unused_tcp_port_factory()
    with gateway(port, metrics_port=metrics):
        async with channel(f"127.0.0.1:{port}") as each:
            await pb_grpc.AnalysisServiceStub(each).ListServices(
                pb.ListServicesRequest(), wait_for_ready=True, timeout=20
            )
        page = await asyncio.to_thread(read, f"http://127.0.0.1:{metrics}/metrics")
    method = "antiphon.analysis.v1.AnalysisService/ListServices"
    assert f'antiphon_calls_total{{method="{method}",outcome="OK",service="gateway"}} 1.0' in page


async def test_a_span_continues_the_callers_trace(unused_tcp_port_factory: Callable[[], int]) -> None:
    port, collector_port = unused_tcp_port_factory(), unused_tcp_port_factory()
    sink = TraceSink()
    collector = grpc.aio.server()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(sink, collector)
    collector.add_insecure_port(f"127.0.0.1:{collector_port}")
    await collector.start()
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    metadata = [("traceparent", f"00-{trace_id}-00f067aa0ba902b7-01")]
    with gateway(port, otlp_endpoint=f"http://127.0.0.1:{collector_port}") as process:
        async with channel(f"127.0.0.1:{port}") as each:
            stub = pb_grpc.AnalysisServiceStub(each)
            await stub.ListServices(pb.ListServicesRequest(), metadata=metadata, wait_for_ready=True, timeout=20)
        process.send_signal(signal.SIGTERM)  # spans are sent in batches; ending sends what is left
        await until(lambda: process.poll() is not None)
    await collector.stop(0)
    spans = {span.name: span for span in sink.spans}  # type: ignore[attr-defined]
    assert spans["antiphon.analysis.v1.AnalysisService/ListServices"].trace_id.hex() == trace_id  # type: ignore[attr-defined]


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Path]:
    authority, stranger = trustme.CA(), trustme.CA()
    files = {}
    for name, certificate in {
        "server": authority.issue_cert("localhost", "127.0.0.1"),
        "client": authority.issue_cert("client.local"),
        "stranger": stranger.issue_cert("client.local"),
    }.items():
        files[f"{name}_key"], files[name] = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
        certificate.private_key_pem.write_to_path(files[f"{name}_key"])
        certificate.cert_chain_pems[0].write_to_path(files[name])
    files["ca"] = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(files["ca"])
    return files


def credentials(files: dict[str, Path], who: str | None) -> grpc.ChannelCredentials:
    key = files[f"{who}_key"].read_bytes() if who else None
    return grpc.ssl_channel_credentials(files["ca"].read_bytes(), key, files[who].read_bytes() if who else None)


@pytest.mark.parametrize(("who", "admitted"), [("client", True), ("stranger", False), (None, False)])
async def test_mutual_tls_admits_only_certified_clients(
    unused_tcp_port: int, certificates: dict[str, Path], who: str | None, admitted: bool
) -> None:
    files = certificates
    tls = {"tls_cert_file": files["server"], "tls_key_file": files["server_key"], "tls_client_ca_file": files["ca"]}
    with gateway(unused_tcp_port, **tls):
        target = f"localhost:{unused_tcp_port}"
        async with channel(target, credentials(files, "client")) as each:  # the server is up
            await health_pb2_grpc.HealthStub(each).Check(
                health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=20
            )
        async with channel(target, credentials(files, who)) as each:
            check = health_pb2_grpc.HealthStub(each).Check(health_pb2.HealthCheckRequest(), timeout=5)
            if admitted:
                assert (await check).status == health_pb2.HealthCheckResponse.SERVING
            else:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await check
                assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_tls_server_answers_health_alone_on_its_plain_health_port(
    unused_tcp_port_factory: Callable[[], int], certificates: dict[str, Path]
) -> None:
    port, probes = unused_tcp_port_factory(), unused_tcp_port_factory()
    tls = {"tls_cert_file": certificates["server"], "tls_key_file": certificates["server_key"]}
    with gateway(port, health_port=probes, **tls):
        async with channel(f"127.0.0.1:{probes}") as each:
            check = health_pb2.HealthCheckRequest(service="readiness")
            answer = await health_pb2_grpc.HealthStub(each).Check(check, wait_for_ready=True, timeout=20)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await pb_grpc.AnalysisServiceStub(each).ListServices(pb.ListServicesRequest(), timeout=5)
            assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        asked = {p: await asyncio.to_thread(health.ready, f"127.0.0.1:{p}") for p in (port, probes)}
        assert asked == {port: False, probes: True}


async def test_sigterm_ends_an_idle_process_at_once_and_with_code_0(unused_tcp_port: int) -> None:
    with gateway(unused_tcp_port) as process:
        async with channel(f"127.0.0.1:{unused_tcp_port}") as each:
            await health_pb2_grpc.HealthStub(each).Check(
                health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=20
            )
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        await until(lambda: process.poll() is not None)
        assert process.returncode == 0
        assert time.monotonic() - started < 10


def test_a_bad_setting_stops_the_process_and_names_itself(unused_tcp_port: int) -> None:
    with gateway(unused_tcp_port, metrics_port="many") as process:
        assert process.wait(timeout=20) != 0


def test_a_service_shows_its_settings_in_its_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for setting in ("<SERVICE>_PORT", "<SERVICE>_MAX_PENDING", "<SERVICE>_TLS_CERT_FILE"):
        assert setting in done.stdout


def test_a_metrics_port_that_another_service_has_is_refused_by_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "GATEWAY_PORT": "-1", "ANTIPHON_METRICS_PORT": str(taken.getsockname()[1])}
        command = [sys.executable, "-m", "gateway"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == CANNOT_START
    assert "error: [Errno" in done.stderr
    assert "GATEWAY_METRICS_PORT" in done.stderr
