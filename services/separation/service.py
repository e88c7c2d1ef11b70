"""The separation RPCs: where the wire meets the engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc
from chassis import evidence
from chassis.errors import invalid
from chassis.server import rpc
from chassis.server.family import Call, Family, FamilyHost
from services.separation import engine
from services.separation.settings import SeparationSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["SeparationService"].full_name
register = pb_grpc.add_SeparationServiceServicer_to_server

_ENCODINGS = {
    audio_pb2.OUTPUT_ENCODING_UNSPECIFIED: "flac",
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: "pcm_s16le",
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: "pcm_f32le",
    audio_pb2.OUTPUT_ENCODING_FLAC: "flac",
    audio_pb2.OUTPUT_ENCODING_WAV: "wav",
    audio_pb2.OUTPUT_ENCODING_MP3: "mp3",
    audio_pb2.OUTPUT_ENCODING_OPUS: "opus",
}
_ENCODING_NUMBERS = {name: number for number, name in _ENCODINGS.items() if number}


def family(settings: Settings) -> Family:
    """What sets this family apart."""
    manifest = Path(__file__).parent / "models.toml"
    return Family("separation", "services.separation.job:Jobs", settings, manifest)


class Servicer(pb_grpc.SeparationServiceServicer):
    """Answers SeparationService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Separate(self, requests: AsyncIterator[pb.SeparateRequest], context: Any) -> AsyncIterator[Any]:
        """Streams the stems of an uploaded mix."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            offsets: dict[str, int] = {}
            async with aclosing(call.run("separate", _request(config))) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.SeparateResponse(progress=event)
                    elif isinstance(event, engine.Header):
                        yield pb.SeparateResponse(header=_header(event, call))
                    elif isinstance(event, engine.StemBlock):
                        yield pb.SeparateResponse(stem_chunk=_chunk(event, offsets))
                    elif isinstance(event, engine.Summary):
                        yield pb.SeparateResponse(summary=_summary(event, call, config))

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())


def _request(config: pb.SeparationConfig) -> engine.SeparationRequest:
    encoding = _ENCODINGS.get(config.output_encoding)
    if encoding is None:
        raise invalid(
            "OUTPUT_ENCODING",
            f"output_encoding {config.output_encoding} is not known; see OutputEncoding",
            field="config.output_encoding",
            value=config.output_encoding,
        )
    return engine.SeparationRequest(
        model=config.model, stems=tuple(config.stems), encoding=encoding, tuning=_tuning(config)
    )


def _tuning(config: pb.SeparationConfig) -> engine.Tuning:
    return engine.Tuning(
        shifts=config.shifts if config.HasField("shifts") else None,
        overlap=config.overlap if config.HasField("overlap") else None,
        segment_seconds=config.segment.ToNanoseconds() / 1e9 if config.HasField("segment") else None,
        seed=config.seed if config.HasField("seed") else None,
    )


def _header(event: engine.Header, call: Call) -> pb.SeparationHeader:
    return pb.SeparationHeader(
        source=call.source(event.source),
        stems=event.stems,
        encoding=_ENCODING_NUMBERS[event.encoding],
        sample_rate_hertz=event.sample_rate,
        channel_count=event.channels,
    )


def _chunk(event: engine.StemBlock, offsets: dict[str, int]) -> pb.StemChunk:
    offset = offsets.get(event.stem, 0)
    offsets[event.stem] = offset + len(event.data)
    return pb.StemChunk(
        stem=event.stem, chunk=audio_pb2.AudioChunk(data=event.data, byte_offset=offset, last=event.last)
    )


def _summary(event: engine.Summary, call: Call, config: pb.SeparationConfig) -> pb.SeparationSummary:
    return pb.SeparationSummary(
        source=call.source(event.source),
        stems=[_stem(stem) for stem in event.stems],
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )


def _stem(stem: engine.StemFacts) -> pb.Stem:
    return pb.Stem(
        name=stem.name,
        frame_count=stem.frames,
        sample_rate_hertz=stem.sample_rate,
        channel_count=stem.channels,
        encoding=_ENCODING_NUMBERS[stem.encoding],
        byte_count=stem.byte_count,
        sha256=stem.sha256,
        peak=stem.peak,
        rms_dbfs=stem.rms_dbfs,
        energy_share=stem.energy_share,
        clipped_sample_count=stem.clipped,
    )
