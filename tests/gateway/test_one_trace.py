"""One analysis over real processes of gateway and service: one trace through all, found again in their logs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon_client import Client
from tools.rehearsal.recordings import FORMAT, KINDS

ROOT = Path(__file__).resolve().parents[2]
ESSENTIA = "antiphon.essentia.v1.EssentiaService/Analyze"
GATEWAY = "antiphon.analysis.v1.AnalysisService/Analyze"


class TraceSink(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: dict[str, Any] = {}

    async def Export(self, request: Any, context: object) -> trace_service_pb2.ExportTraceServiceResponse:
        """Keeps the spans by their names."""
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans |= {span.name: span for span in scope.spans}
        return trace_service_pb2.ExportTraceServiceResponse()


def start(log: Path, *module: str, **settings: object) -> subprocess.Popen[bytes]:
    """Starts a process of ours."""
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", *module], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=stderr
        )


def page(port: int) -> str:
    """Fetches a metrics page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


async def test_an_analysis_is_one_trace_through_gateway_service_and_worker(
    unused_tcp_port_factory: Callable[[], int], tmp_path: Path
) -> None:
    ports = [unused_tcp_port_factory() for _ in range(5)]
    sink, collector = TraceSink(), grpc.aio.server()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(sink, collector)
    collector.add_insecure_port(f"127.0.0.1:{ports[4]}")
    await collector.start()
    common = {"ANTIPHON_OTLP_ENDPOINT": f"http://127.0.0.1:{ports[4]}", "ANTIPHON_SPOOL_DIR": tmp_path}
    common |= {"ANTIPHON_LAME_DUCK_SECONDS": "0", "ANTIPHON_MODELS": tmp_path}
    service = start(
        tmp_path / "service.log",
        "tools.rehearsal.replica",
        "r0",
        ESSENTIA_PORT=ports[1],
        ESSENTIA_METRICS_PORT=ports[3],
        **common,
    )
    gateway = start(
        tmp_path / "gateway.log",
        "gateway",
        GATEWAY_PORT=ports[0],
        GATEWAY_METRICS_PORT=ports[2],
        GATEWAY_SERVICES="essentia",
        GATEWAY_ESSENTIA_TARGET=f"127.0.0.1:{ports[1]}",
        GATEWAY_ESSENTIA_START_SECONDS=30,
        **common,
    )
    processes = (gateway, service)
    try:
        async with Client(f"127.0.0.1:{ports[0]}") as client:
            while not (await _ready(client)):
                assert all(process.poll() is None for process in processes)
                await asyncio.sleep(0.05)
            record = await client.analyze_to_record(
                KINDS[0].recording(1),
                stages=["essentia"],
                essentia=essentia_pb2.AnalysisConfig(groups=["rhythm"]),
                audio_format=FORMAT,
                timeout_seconds=60,
            )
        pages = [await asyncio.to_thread(page, port) for port in ports[2:4]]
    finally:
        for process in processes:
            process.terminate()  # spans are sent in batches; ending sends what is left
        for process in processes:
            await asyncio.to_thread(process.wait, 30)
        await collector.stop(0)
    assert record.essentia.summary.provenance.engine == "r0"

    whole, asked, worked = (sink.spans[name] for name in (GATEWAY, ESSENTIA, "worker analyze"))
    assert whole.trace_id == asked.trace_id == worked.trace_id
    assert (whole.parent_span_id, asked.parent_span_id, worked.parent_span_id) == (b"", whole.span_id, asked.span_id)
    assert worked.end_time_unix_nano - worked.start_time_unix_nano >= KINDS[0].work_ms * 1e6
    for name, method in (("gateway", GATEWAY), ("service", ESSENTIA)):
        assert line(tmp_path / f"{name}.log", method)["trace_id"] == whole.trace_id.hex()

    assert 'antiphon_stage_open{service="essentia"} 0.0' in pages[0]
    assert f'antiphon_calls_total{{method="{GATEWAY}",outcome="OK",service="gateway"}} 1.0' in pages[0]
    assert 'antiphon_slots{kind="file",service="essentia"} 1.0' in pages[1]
    assert 'antiphon_admitted_limit{kind="file",service="essentia"} 9.0' in pages[1]
    computed = 'device="cpu",engine="r0",gfx="",model="",precision="float32",service="essentia"'
    assert f"antiphon_info{{{computed}}} 1.0" in pages[1]


async def _ready(client: Client) -> bool:
    try:
        return all(service.ready for service in await client.services(timeout_seconds=5))
    except Exception:  # it does not listen yet
        return False


def line(log: Path, method: str) -> dict[str, Any]:
    """Finds the line of a call in a log."""
    found = re.search(rf'\{{"method": "{re.escape(method)}".*\}}', log.read_text())
    assert found, log.read_text()
    parsed: dict[str, Any] = json.loads(found[0])
    return parsed
