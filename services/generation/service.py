"""The generation RPCs: where the wire meets the engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import fields
from pathlib import Path
from typing import Any

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon.generation.v1 import generation_service_pb2_grpc as pb_grpc
from antiphon_wire.errors import invalid
from chassis import evidence
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.generation import contract as engine
from services.generation.engines import ENGINES
from services.generation.settings import PORT
from services.generation.settings import GenerationSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["GenerationService"].full_name
register = pb_grpc.add_GenerationServiceServicer_to_server

_ENCODINGS = {
    audio_pb2.OUTPUT_ENCODING_UNSPECIFIED: "wav",
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: "pcm_s16le",
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: "pcm_f32le",
    audio_pb2.OUTPUT_ENCODING_FLAC: "flac",
    audio_pb2.OUTPUT_ENCODING_WAV: "wav",
    audio_pb2.OUTPUT_ENCODING_MP3: "mp3",
    audio_pb2.OUTPUT_ENCODING_OPUS: "opus",
}
_ENCODING_NUMBERS = {name: number for number, name in _ENCODINGS.items() if number}
_ROLES = {
    pb.AUDIO_ROLE_UNSPECIFIED: "",
    pb.AUDIO_ROLE_CONTINUATION: engine.CONTINUATION,
    pb.AUDIO_ROLE_MELODY: engine.MELODY,
}


def family(settings: Settings) -> Family:
    """What sets this family apart."""
    manifest = Path(__file__).parent / "models.toml"
    return Family("generation", "services.generation.job:Jobs", settings, manifest, port=PORT, engines=ENGINES)


class Servicer(pb_grpc.GenerationServiceServicer):
    """Answers GenerationService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Generate(self, requests: AsyncIterator[pb.GenerateRequest], context: Any) -> AsyncIterator[Any]:
        """Streams pieces of music while they are made."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request = _request(config)
            offsets: dict[int, int] = {}
            async with aclosing(call.run("generate", request, needs_audio=bool(request.audio_role))) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.GenerateResponse(progress=event)
                    elif isinstance(event, engine.Header):
                        yield pb.GenerateResponse(header=_header(event, call))
                    elif isinstance(event, engine.PieceBlock):
                        yield pb.GenerateResponse(piece_chunk=_chunk(event, offsets))
                    elif isinstance(event, engine.Summary):
                        yield pb.GenerateResponse(summary=_summary(event, call, config))

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        models, settings = self._host.models(), self._host.family.settings
        for each in models:  # in the manifest each engine has a default; a call without a model gets the service's
            marked = each.default_model and each.engine == settings.engine
            each.default_model = each.identity.name == settings.default_model if settings.default_model else marked
        return pb.ListModelsResponse(models=models)


def _request(config: pb.GenerationConfig) -> engine.GenerationRequest:
    defaults = engine.GenerationRequest()
    encoding = _known(_ENCODINGS, config.output_encoding, "OUTPUT_ENCODING", "output_encoding", "OutputEncoding")
    sampling = {each.name: getattr(config, each.name) for each in fields(engine.Sampling) if config.HasField(each.name)}
    return engine.GenerationRequest(
        model=config.model,
        prompts=tuple(config.prompts),
        pieces_per_prompt=config.pieces_per_prompt or defaults.pieces_per_prompt,
        seconds=config.duration.ToNanoseconds() / 1e9 if config.HasField("duration") else defaults.seconds,
        audio_role=_known(_ROLES, config.audio_role, "AUDIO_ROLE", "audio_role", "AudioRole"),
        include_clip=config.include_clip,
        negative_prompt=config.negative_prompt,
        sampling=sampling,
        seed=config.seed if config.HasField("seed") else None,
        encoding=encoding,
        sample_rate=config.sample_rate_hertz if config.HasField("sample_rate_hertz") else None,
    )


def _known(table: dict[Any, str], value: int, reason: str, field: str, enum: str) -> str:
    if value not in table:
        raise invalid(reason, f"{field} {value} is not known; see {enum}", field=f"config.{field}", value=value)
    return table[value]


def _header(event: engine.Header, call: Call) -> pb.GenerationHeader:
    return pb.GenerationHeader(
        source=None if event.source is None else call.source(event.source),
        model=event.model,
        seeds=event.seeds,
        encoding=_ENCODING_NUMBERS[event.encoding],
        sample_rate_hertz=event.sample_rate,
        channel_count=event.channels,
        frame_count=event.frames,
    )


def _chunk(event: engine.PieceBlock, offsets: dict[int, int]) -> pb.PieceChunk:
    offset = offsets.get(event.piece, 0)
    offsets[event.piece] = offset + len(event.data)
    return pb.PieceChunk(
        piece=event.piece, chunk=audio_pb2.AudioChunk(data=event.data, byte_offset=offset, last=event.last)
    )


def _summary(event: engine.Summary, call: Call, config: pb.GenerationConfig) -> pb.GenerationSummary:
    return pb.GenerationSummary(
        source=None if event.source is None else call.source(event.source),
        pieces=[_piece(piece) for piece in event.pieces],
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )


def _piece(piece: engine.PieceFacts) -> pb.Piece:
    return pb.Piece(
        piece=piece.piece,
        prompt=piece.prompt,
        seed=piece.seed,
        frame_count=piece.frames,
        clip_frame_count=piece.clip_frames,
        sample_rate_hertz=piece.sample_rate,
        channel_count=piece.channels,
        encoding=_ENCODING_NUMBERS[piece.encoding],
        byte_count=piece.byte_count,
        sha256=piece.sha256,
        peak=piece.peak,
        rms_dbfs=piece.rms_dbfs,
        clipped_sample_count=piece.clipped,
    )
