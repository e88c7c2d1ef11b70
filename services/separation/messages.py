"""Separation messages into requests, and what a job tells into responses."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable

from google.protobuf.message import Message

from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon_wire.chunks import Cutter
from antiphon_wire.errors import invalid
from chassis import evidence
from chassis.family.call import Call, Forms
from chassis.family.output_encoding import NUMBERS, output_encoding, patch_messages
from services.separation.contract import Header, SeparationRequest, StemBlock, StemReport, Summary, Tuning

DEFAULT_ENCODING = "flac"
LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
"""Sample rates that stems may be asked for at (Hz): those that an upload may have."""

_CLIP_MODES = (pb.CLIP_MODE_UNSPECIFIED, pb.CLIP_MODE_CLAMP, pb.CLIP_MODE_RESCALE)


def separation_request(config: pb.SeparationConfig, live: bool = False) -> SeparationRequest:
    """Reads what a call asks for, be it live or not.

    Raises:
        AntiphonError: INVALID_ARGUMENT; ``OUTPUT_ENCODING``, ``OUTPUT_OPTIONS``, ``CLIP_MODE``,
            ``OUTPUT_SAMPLE_RATE``, and the names of the fields of :class:`Tuning`.
    """
    if config.clip_mode not in _CLIP_MODES:
        raise invalid(
            "CLIP_MODE",
            f"clip_mode {config.clip_mode} is not known; see ClipMode",
            field="config.clip_mode",
            value=config.clip_mode,
        )
    return SeparationRequest(
        model=config.model,
        stems=tuple(config.stems),
        encoding=output_encoding(
            config.output_encoding, config.output_options, DEFAULT_ENCODING, live, tags=config.keep_tags
        ),
        sample_rate=output_sample_rate(config),
        tuning=tuning(config),
        rescale=config.clip_mode == pb.CLIP_MODE_RESCALE,
    )


def live_request(config: pb.SeparationConfig) -> SeparationRequest:
    """Reads what a live call asks for; raises as :func:`separation_request`, and ``CLIP_RANGE`` for a clip."""
    if config.HasField("clip"):
        message = "a live mix is separated from its first sample to its last; leave the clip out"
        raise invalid("CLIP_RANGE", message, field="config.clip")
    return separation_request(config, live=True)


def output_sample_rate(config: pb.SeparationConfig) -> int | None:
    """Reads the rate of the stems (Hz); 0 for that of the source, None for that of the model.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``OUTPUT_SAMPLE_RATE``: it is one that no upload may have.
    """
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


def tuning(config: pb.SeparationConfig) -> Tuning:
    """Reads what is not left to the model.

    Raises:
        AntiphonError: INVALID_ARGUMENT: a value that no model takes, by the name of its field.
    """
    return Tuning(
        shifts=config.shifts if config.HasField("shifts") else None,
        overlap=config.overlap if config.HasField("overlap") else None,
        segment_seconds=config.segment.ToNanoseconds() / 1e9 if config.HasField("segment") else None,
        seed=config.seed if config.HasField("seed") else None,
    )


def separate_forms(call: Call, config: pb.SeparationConfig) -> Forms:
    """Makes the table of how what a job tells becomes a SeparateResponse; one table for each call."""
    return _forms(call, config, pb.SeparateResponse)


def streaming_separate_forms(call: Call, config: pb.SeparationConfig) -> Forms:
    """Makes the table of how what a job tells becomes a StreamingSeparateResponse; one table for each call."""
    return _forms(call, config, pb.StreamingSeparateResponse)


def _forms(call: Call, config: pb.SeparationConfig, response: Callable[..., Message]) -> Forms:
    cutters: dict[str, Cutter] = defaultdict(Cutter)
    return {
        evidence_pb2.Progress: lambda event: response(progress=event),
        Header: lambda event: response(header=header(event, call)),
        StemBlock: lambda event: response(stem_chunk=stem_chunk(event, cutters)),
        Summary: lambda event: response(summary=summary(event, call, config)),
    }


def header(event: Header, call: Call) -> pb.SeparationHeader:
    """Tells what will be sent."""
    return pb.SeparationHeader(
        source=call.source(event.source),
        stems=event.stems,
        encoding=NUMBERS[event.encoding],
        sample_rate_hertz=event.sample_rate,
        channel_count=event.channels,
    )


def stem_chunk(event: StemBlock, cutters: dict[str, Cutter]) -> pb.StemChunk:
    """Puts a piece of a stem behind those before it.

    Args:
        event: The piece.
        cutters: One for each stem, which counts its bytes; made where there is none.
    """
    return pb.StemChunk(stem=event.stem, chunk=cutters[event.stem].whole(event.data, event.last))


def summary(event: Summary, call: Call, config: pb.SeparationConfig) -> pb.SeparationSummary:
    """Tells what was made and how."""
    return pb.SeparationSummary(
        source=call.source(event.source),
        stems=[stem_message(each) for each in event.stems],
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
        sum_bound_db=event.sum_bound_db,
        residual_energy_share=event.residual_energy_share,
        gain_db=None if event.gain is None else 20 * math.log10(event.gain),
    )


def stem_message(stem: StemReport) -> pb.Stem:
    """Tells what became of one stem."""
    return pb.Stem(
        name=stem.name,
        frame_count=stem.frames,
        sample_rate_hertz=stem.sample_rate,
        channel_count=stem.channels,
        encoding=NUMBERS[stem.encoding],
        byte_count=stem.byte_count,
        sha256=stem.sha256,
        peak=stem.peak,
        peak_dbfs=stem.peak_dbfs,
        rms_dbfs=stem.rms_dbfs,
        integrated_lufs=stem.integrated_lufs,
        energy_share=stem.energy_share,
        clipped_sample_count=stem.clipped,
        patches=patch_messages(stem.patches),
    )
