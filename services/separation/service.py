"""The separation RPCs: where the wire meets the engines."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc
from antiphon_wire.errors import invalid
from chassis import evidence
from chassis.family.call import Call
from chassis.family.family import Family, Live
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.separation import contract as engine
from services.separation.engines import ENGINES, SUM_BOUNDS_DB
from services.separation.settings import PORT
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
    audio_pb2.OUTPUT_ENCODING_AAC: "aac",
}
LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
"""Sample rates that stems may be asked for at (Hz): those that an upload may have."""

_CLIP_MODES = (pb.CLIP_MODE_UNSPECIFIED, pb.CLIP_MODE_CLAMP, pb.CLIP_MODE_RESCALE)
_ENCODING_NUMBERS = {name: number for number, name in _ENCODINGS.items() if number}


def family(settings: Settings) -> Family:
    """What sets this family apart."""
    manifest = Path(__file__).parent / "models.toml"
    live = Live(settings.live_streams, 1, settings.live_seconds)
    return Family("separation", "services.separation.job:Jobs", settings, manifest, live, port=PORT, engines=ENGINES)


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
                    yield pb.SeparateResponse(**_event(event, call, config, offsets))

    @rpc
    async def StreamingSeparate(
        self, requests: AsyncIterator[pb.StreamingSeparateRequest], context: Any
    ) -> AsyncIterator[Any]:
        """Streams the stems of a mix that is still coming in."""
        async with Call(self._host, requests, FULL_NAME, live=True) as call:
            config = await call.config()
            if config.HasField("clip"):
                message = "a live mix is separated from its first sample to its last; leave the clip out"
                raise invalid("CLIP_RANGE", message, field="config.clip")
            offsets: dict[str, int] = {}
            async with aclosing(call.run_live("separate_live", _request(config))) as events:
                async for event in events:
                    yield pb.StreamingSeparateResponse(**_event(event, call, config, offsets))

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        models = self._host.models()
        for each in models:  # in the manifest each engine has a default; a call without a model gets the service's
            each.default_model = each.identity.name == self._host.family.settings.default_model
        bounds = {each.identity.name: SUM_BOUNDS_DB[each.engine] for each in models if each.engine in SUM_BOUNDS_DB}
        return pb.ListModelsResponse(models=models, sum_bound_db=bounds)


def _request(config: pb.SeparationConfig) -> engine.SeparationRequest:
    encoding = _ENCODINGS.get(config.output_encoding)
    if encoding is None:
        raise invalid(
            "OUTPUT_ENCODING",
            f"output_encoding {config.output_encoding} is not known; see OutputEncoding",
            field="config.output_encoding",
            value=config.output_encoding,
        )
    if config.clip_mode not in _CLIP_MODES:
        raise invalid(
            "CLIP_MODE",
            f"clip_mode {config.clip_mode} is not known; see ClipMode",
            field="config.clip_mode",
            value=config.clip_mode,
        )
    return engine.SeparationRequest(
        model=config.model,
        stems=tuple(config.stems),
        encoding=encoding,
        sample_rate=_sample_rate(config),
        tuning=_tuning(config),
        rescale=config.clip_mode == pb.CLIP_MODE_RESCALE,
    )


def _sample_rate(config: pb.SeparationConfig) -> int | None:
    if config.WhichOneof("output_rate") != "output_sample_rate_hertz":
        return 0 if config.keep_sample_rate else None
    rate = config.output_sample_rate_hertz
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise invalid(
            "OUTPUT_SAMPLE_RATE",
            f"output_sample_rate_hertz is {rate}; give {LOWEST_RATE} to {HIGHEST_RATE}, or keep_sample_rate",
            field="config.output_sample_rate_hertz",
            sample_rate=rate,
        )
    return rate


def _tuning(config: pb.SeparationConfig) -> engine.Tuning:
    return engine.Tuning(
        shifts=config.shifts if config.HasField("shifts") else None,
        overlap=config.overlap if config.HasField("overlap") else None,
        segment_seconds=config.segment.ToNanoseconds() / 1e9 if config.HasField("segment") else None,
        seed=config.seed if config.HasField("seed") else None,
    )


def _event(event: Any, call: Call, config: pb.SeparationConfig, offsets: dict[str, int]) -> dict[str, Any]:
    """An event of a job as the one field of a response that it is."""
    if isinstance(event, engine.Header):
        return {"header": _header(event, call)}
    if isinstance(event, engine.StemBlock):
        return {"stem_chunk": _chunk(event, offsets)}
    if isinstance(event, engine.Summary):
        return {"summary": _summary(event, call, config)}
    return {"progress": event}


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
        sum_bound_db=event.sum_bound_db,
        residual_energy_share=event.residual_energy_share,
        gain_db=None if event.gain is None else 20 * math.log10(event.gain),
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
        peak_dbfs=stem.peak_dbfs,
        rms_dbfs=stem.rms_dbfs,
        integrated_lufs=stem.integrated_lufs,
        energy_share=stem.energy_share,
        clipped_sample_count=stem.clipped,
    )
