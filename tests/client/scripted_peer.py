"""A gateway for tests that speaks the real protocol; the first word of the audio says how it behaves.

fine      reports, progress, stems if asked for, a record
bad       INVALID_ARGUMENT with all details, as soon as the first chunk is there
full      RESOURCE_EXHAUSTED with a delay
endless   says that it runs, and never ends
cut       ends OK without the record
torn      sends a stem with a hole
flipped   sends a stem with a wrong digest in the record
halfway   sends a stem's first part, then fails the stage separation; ends OK
escape    sends a stem whose name leads out of its folder
dies      ends UNAVAILABLE after the first event
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2

STEMS = {"vocals": bytes(range(256)) * 40, "accompaniment": b"not silence " * 1000}
_PIECE = 4096


class ScriptedPeer(analysis_grpc.AnalysisServiceServicer):
    """Behaves as the audio says; keeps what it was sent."""

    def __init__(self) -> None:
        self.config = analysis_pb2.AnalysisConfig()
        self.chunks: list[audio_pb2.AudioChunk] = []
        self.cancelled = asyncio.Event()
        self._finished = False

    async def Analyze(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.config = (await anext(requests)).config
        self.chunks = []
        context.add_done_callback(self._note_end)
        self._finished = False
        async for request in requests:
            self.chunks.append(request.chunk)
            if len(self.chunks) == 1 and request.chunk.data.startswith(b"bad"):
                await _abort(context, _refusal())
            if request.chunk.last:
                break
        word = b"".join(chunk.data for chunk in self.chunks).split()[0].decode()
        async for event in self._events(word, context):
            yield event
        self._finished = True

    def _note_end(self, _context: Any) -> None:
        if not self._finished:
            self.cancelled.set()
            sys.stdout.write("cancelled\n")
            sys.stdout.flush()

    async def _events(self, word: str, context: Any) -> AsyncIterator[Any]:
        if word == "full":
            await _abort(context, _busy())
        yield _report("separation", record_pb2.STAGE_STATE_RUNNING)
        if word == "dies":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
        for fraction in (0.0, 0.25, 0.5, 1.0):
            progress = evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_COMPUTING, fraction=fraction)
            yield analysis_pb2.AnalyzeResponse(
                progress=analysis_pb2.StageProgress(stage="separation", progress=progress)
            )
        if word == "endless":
            await asyncio.Event().wait()
        # An event of a kind that this client does not know yet.
        yield analysis_pb2.AnalyzeResponse()
        if self.config.return_stems:
            for event in _stem_events(word, self.config.separation.output_encoding):
                yield event
        if word == "cut":
            return
        failed = word == "halfway"
        state = record_pb2.STAGE_STATE_FAILED if failed else record_pb2.STAGE_STATE_SUCCEEDED
        yield _report("separation", state)
        yield analysis_pb2.AnalyzeResponse(record=_record(word, self.config))

    async def ListServices(self, request: Any, context: Any) -> Any:
        services = [
            analysis_pb2.ServiceStatus(service="separation", ready=True),
            analysis_pb2.ServiceStatus(service="speech", problem="not answering"),
        ]
        return analysis_pb2.ListServicesResponse(services=services)


def _refusal() -> status_pb2.Status:
    return _status(
        code_pb2.INVALID_ARGUMENT,
        "these bytes are no audio",
        error_details_pb2.ErrorInfo(reason="AUDIO_UNDECODABLE", domain="gateway.antiphon", metadata={"bytes": "3"}),
        error_details_pb2.BadRequest(
            field_violations=[error_details_pb2.BadRequest.FieldViolation(field="chunk.data", description="no audio")]
        ),
    )


def _busy() -> status_pb2.Status:
    return _status(
        code_pb2.RESOURCE_EXHAUSTED,
        "the queue is full",
        error_details_pb2.ErrorInfo(reason="QUEUE_FULL", domain="gateway.antiphon"),
        error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000)),
    )


def _status(code: int, message: str, *details: Any) -> status_pb2.Status:
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    return status_pb2.Status(code=code, message=message, details=packed)


async def _abort(context: Any, status: status_pb2.Status) -> None:
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    await context.abort(code, status.message)


def _report(stage: str, state: Any) -> analysis_pb2.AnalyzeResponse:
    return analysis_pb2.AnalyzeResponse(stage_report=record_pb2.StageReport(stage=stage, state=state))


def _stem_events(word: str, encoding: Any) -> list[analysis_pb2.AnalyzeResponse]:
    header = separation_pb2.SeparationHeader(stems=list(STEMS), encoding=encoding, sample_rate_hertz=44100)
    events = [analysis_pb2.AnalyzeResponse(stem_header=header)]
    for name, data in STEMS.items():
        offsets = range(0, len(data), _PIECE)
        for offset in offsets:
            piece = data[offset : offset + _PIECE]
            chunk = audio_pb2.AudioChunk(
                data=piece, byte_offset=offset, crc32c=google_crc32c.value(piece), last=offset == offsets[-1]
            )
            stem = "../escaped" if word == "escape" else name
            events.append(analysis_pb2.AnalyzeResponse(stem_chunk=separation_pb2.StemChunk(stem=stem, chunk=chunk)))
    if word == "torn":
        del events[2]
    if word == "halfway":
        del events[2:]
    return events


def _record(word: str, config: analysis_pb2.AnalysisConfig) -> record_pb2.AnalysisRecord:
    record = record_pb2.AnalysisRecord(schema_version=1)
    report = record.stage_reports.add(stage="separation", input="upload", attempt_count=1, elapsed=Duration(seconds=1))
    if word == "halfway":
        report.state = record_pb2.STAGE_STATE_FAILED
        report.error.CopyFrom(_busy())
        report.error.details.add(type_url="type.googleapis.com/antiphon.future.v9.Unknown", value=b"\x01")
        return record
    report.state = record_pb2.STAGE_STATE_SUCCEEDED
    record.source.CopyFrom(
        audio_pb2.SourceAudio(
            upload_sha256=bytes(32), container="wav", codec="pcm_s16le", sample_rate_hertz=44100, channel_count=2
        )
    )
    record.source.duration.FromMilliseconds(83_250)
    record.fusion.tempo.bpm = 120.04
    record.fusion.tempo.agreement = 2 / 3
    record.fusion.tempo.disputed = True
    record.fusion.key.tonic, record.fusion.key.scale = "Eb", "minor"
    record.fusion.lyrics.text, record.fusion.lyrics.word_count = "la \x1b[31mla", 2
    for name, data in STEMS.items():
        digest = bytes(32) if word == "flipped" else hashlib.sha256(data).digest()
        record.separation.stems.add(name=name, byte_count=len(data), sha256=digest)
    model = record.separation.provenance.model
    model.name, model.license_spdx = config.separation.model or "spleeter-2stems", "MIT"
    model.weights_sha256["weights.bin"] = "ab" * 32
    return record


async def serve(address: str) -> tuple[grpc.aio.Server, ScriptedPeer, int]:
    """Starts a peer; returns server, peer and port."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    peer = ScriptedPeer()
    analysis_grpc.add_AnalysisServiceServicer_to_server(peer, server)
    port = server.add_insecure_port(address)
    await server.start()
    return server, peer, port


async def _main(port_file: Path) -> None:
    server, _, port = await serve("127.0.0.1:0")
    part = port_file.with_suffix(".part")
    part.write_text(str(port))
    part.rename(port_file)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
