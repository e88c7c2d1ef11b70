"""Messages of ``antiphon.generation.v1`` into requests, and events of a generation into messages; the only place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon_wire.chunks import Cutter
from antiphon_wire.errors import invalid
from chassis import evidence
from chassis.family.call import Call, Forms
from chassis.family.output_encoding import NUMBERS, output_encoding, patch_messages
from services.generation import contract

_ROLES: Mapping[pb.AudioRole, str] = {
    pb.AUDIO_ROLE_UNSPECIFIED: "",
    pb.AUDIO_ROLE_CONTINUATION: contract.CONTINUATION,
    pb.AUDIO_ROLE_MELODY: contract.MELODY,
}


def generation_request(config: pb.GenerationConfig) -> contract.GenerationRequest:
    """Reads what to generate; fields that are not set have the defaults of :class:`contract.GenerationRequest`.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``OUTPUT_ENCODING`` or ``AUDIO_ROLE``, for a number that their enum lacks.
    """
    defaults = contract.GenerationRequest()
    encoding = output_encoding(config.output_encoding, config.output_options, defaults.encoding.name)
    sampling = {
        each.name: getattr(config, each.name) for each in fields(contract.Sampling) if config.HasField(each.name)
    }
    return contract.GenerationRequest(
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


def generation_forms(call: Call, config: pb.GenerationConfig) -> Forms:
    """Tells how each event of a generation becomes a response of its call."""
    cutters: dict[int, Cutter] = defaultdict(Cutter)
    return {
        evidence_pb2.Progress: lambda event: pb.GenerateResponse(progress=event),
        contract.Header: lambda event: pb.GenerateResponse(header=header(event, call)),
        contract.PieceBlock: lambda event: pb.GenerateResponse(piece_chunk=piece_chunk(event, cutters)),
        contract.Summary: lambda event: pb.GenerateResponse(summary=summary(event, call, config)),
    }


def header(event: contract.Header, call: Call) -> pb.GenerationHeader:
    """Says what will be sent."""
    return pb.GenerationHeader(
        source=None if event.source is None else call.source(event.source),
        model=event.model,
        seeds=event.seeds,
        encoding=NUMBERS[event.encoding],
        sample_rate_hertz=event.sample_rate,
        channel_count=event.channels,
        frame_count=event.frames,
    )


def piece_chunk(event: contract.PieceBlock, cutters: dict[int, Cutter]) -> pb.PieceChunk:
    """Puts a part of a piece's encoded stream at its place.

    Args:
        event: The part.
        cutters: One for each piece, which counts its bytes; made where there is none.
    """
    return pb.PieceChunk(piece=event.piece, chunk=cutters[event.piece].whole(event.data, event.last))


def summary(event: contract.Summary, call: Call, config: pb.GenerationConfig) -> pb.GenerationSummary:
    """Says what was made, and how."""
    return pb.GenerationSummary(
        source=None if event.source is None else call.source(event.source),
        pieces=[piece(each) for each in event.pieces],
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
    )


def piece(report: contract.PieceReport) -> pb.Piece:
    """Says what was sent of one piece."""
    return pb.Piece(
        piece=report.piece,
        prompt=report.prompt,
        seed=report.seed,
        frame_count=report.frames,
        clip_frame_count=report.clip_frames,
        sample_rate_hertz=report.sample_rate,
        channel_count=report.channels,
        encoding=NUMBERS[report.encoding],
        byte_count=report.byte_count,
        sha256=report.sha256,
        peak=report.peak,
        rms_dbfs=report.rms_dbfs,
        clipped_sample_count=report.clipped,
        patches=patch_messages(report.patches),
    )


def _known(table: Mapping[Any, str], value: int, reason: str, field: str, enum: str) -> str:
    if value not in table:
        raise invalid(reason, f"{field} {value} is not known; see {enum}", field=f"config.{field}", value=value)
    return table[value]
