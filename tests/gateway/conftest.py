"""A gateway on a real port, with peers of the families' protocols behind it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon.audio.v1 import audio_pb2
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from antiphon_wire.status import from_status
from chassis.server.serving import Server
from chassis.server.settings import ServerSettings
from chassis.spool import Spool
from chassis.upload_places import UploadPlaces
from gateway.__main__ import limits_of, open_routes
from gateway.analysis.admission import Admission
from gateway.faces.grpc.service import AnalysisService
from gateway.settings import GatewaySettings
from tests.gateway.peers import EssentiaPeer, LlmAudioPeer, Peer, SeparationPeer, SpeechPeer

CHUNK_BYTES = 256 << 10
CALL_SECONDS = 20.0
"""A hang ends a test after this long; no test comes near it otherwise."""


@dataclass
class Peers:
    """The servers behind a gateway, one for each service that it asks, in the plan's order."""

    separation: SeparationPeer = field(default_factory=SeparationPeer)
    speech: SpeechPeer = field(default_factory=SpeechPeer)
    essentia: EssentiaPeer = field(default_factory=EssentiaPeer)
    llm_audio: LlmAudioPeer = field(default_factory=LlmAudioPeer)

    def all(self) -> tuple[Peer, ...]:
        """Lists them in the plan's order."""
        return tuple(getattr(self, each.name) for each in fields(self))

    def targets(self) -> dict[str, Any]:
        """Gives the settings that lead a gateway to them."""
        return {f"{peer.service}_target": peer.target for peer in self.all()}


@dataclass
class Answer:
    """All events of one analysis."""

    events: list[analysis_pb2.AnalyzeResponse]

    @property
    def record(self) -> record_pb2.AnalysisRecord:
        """The record, which must be the last event and the only one of its kind."""
        kinds = [event.WhichOneof("event") for event in self.events]
        assert kinds.count("record") == 1
        assert kinds[-1] == "record"
        return self.events[-1].record

    def of(self, kind: str) -> list[Any]:
        """Lists the events of one kind."""
        return [getattr(event, kind) for event in self.events if event.WhichOneof("event") == kind]

    def report(self, stage: str) -> record_pb2.StageReport:
        """Gives the record's report on a stage."""
        return next(report for report in self.record.stage_reports if report.stage == stage)

    def states(self, stage: str) -> list[str]:
        """Lists the states that a stage went through."""
        return [
            record_pb2.StageState.Name(report.state).removeprefix("STAGE_STATE_")
            for report in self.of("stage_report")
            if report.stage == stage
        ]


def error_of(answer: Answer, stage: str) -> AntiphonError:
    """The error of a stage that must have failed."""
    report = answer.report(stage)
    assert report.state == record_pb2.STAGE_STATE_FAILED
    assert not answer.record.HasField(stage)  # type: ignore[arg-type]
    return from_status(report.error)


@dataclass
class Gateway:
    """A running gateway and a client of it."""

    stub: analysis_grpc.AnalysisServiceStub
    spool: Spool

    async def analyze(
        self, data: bytes = b"some audio", timeout: float = CALL_SECONDS, announce: bool = True, **config: Any
    ) -> Answer:
        """Uploads ``data`` and collects all events."""
        message = analysis_pb2.AnalysisConfig(**config)
        if announce:
            message.audio_format.content_sha256 = hashlib.sha256(data).digest()
        # Without it a refused call shows INTERNAL instead of the gateway's status whenever a write is still pending.
        call = keep_status(self.stub.Analyze(requests_of(message, data), timeout=timeout))
        return Answer([event async for event in call])


async def requests_of(config: analysis_pb2.AnalysisConfig, data: bytes) -> AsyncIterator[analysis_pb2.AnalyzeRequest]:
    """Yields the upload of ``data``."""
    yield analysis_pb2.AnalyzeRequest(config=config)
    for offset in range(0, len(data), CHUNK_BYTES):
        piece = data[offset : offset + CHUNK_BYTES]
        last = offset + len(piece) == len(data)
        yield analysis_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=piece, byte_offset=offset, last=last))


@pytest_asyncio.fixture
async def peers() -> AsyncIterator[Peers]:
    """Servers that do everything right until told otherwise."""
    result = Peers()
    for peer in result.all():
        await peer.start()
    yield result
    for peer in result.all():
        await peer.server.stop(None)


@pytest_asyncio.fixture
async def start_gateway(peers: Peers, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts a gateway before the peers, with settings changed where given."""
    closers: list[Callable[[], Any]] = []

    async def start(**changes: Any) -> Gateway:
        own = {name: changes.pop(name) for name in list(changes) if name in ServerSettings.__dataclass_fields__}
        server_settings = ServerSettings(port=-1, lame_duck_seconds=0.0, drain_seconds=0.0, spool_dir=tmp_path, **own)
        uploads = UploadPlaces(
            server_settings.max_uploads, server_settings.peer_uploads, server_settings.upload_window_seconds
        )
        settings = GatewaySettings(**{**peers.targets(), **changes})
        spool = Spool(server_settings.spool_dir, server_settings.spool_bytes, server_settings.upload_bytes)
        routes = open_routes(settings)
        server = Server("gateway", server_settings)
        admission = Admission(settings.max_analyses, uploads)
        service = AnalysisService(routes, limits_of(settings), admission, spool, server_settings)
        server.add(service, analysis_grpc.add_AnalysisServiceServicer_to_server, "antiphon.analysis.v1.AnalysisService")
        port = await server.start()
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        closers.extend([channel.close, server.drain, *(route.replicas.close for route in routes), spool.close])
        return Gateway(analysis_grpc.AnalysisServiceStub(channel), spool)

    yield start
    for close in closers:
        result = close()
        if result is not None:
            await result


@pytest_asyncio.fixture
async def gateway(start_gateway: Callable[..., Any]) -> Gateway:
    """A gateway with default settings."""
    result: Gateway = await start_gateway()
    return result


@pytest.fixture
def song() -> bytes:
    """An upload of several chunks and an odd length."""
    return bytes(range(256)) * 2_400 + b"end"
