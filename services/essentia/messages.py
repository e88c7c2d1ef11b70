"""Between the wire and the domain: what a caller asks becomes a request, and each event becomes a response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon.evidence.v1 import evidence_pb2
from chassis import evidence
from chassis.family.call import Call, Forms
from services.essentia import contract
from services.essentia.contract import GROUPS, MELODY_ENGINES, STEM, TAGS, AnalysisRequest, TagRequest


def analysis_forms(call: Call, config: pb.AnalysisConfig) -> Forms:
    """Says how each event of an analysis becomes a response."""

    def header(event: contract.Header) -> pb.AnalyzeResponse:
        return pb.AnalyzeResponse(header=pb.AnalysisHeader(source=call.source(event.source)))

    def summary(event: contract.Summary) -> pb.AnalyzeResponse:
        return pb.AnalyzeResponse(
            summary=pb.AnalysisSummary(
                source=call.source(event.source),
                warnings=evidence.warnings(event.warnings),
                provenance=call.provenance(event.work, event.source, config),
                networks=[evidence.model(network) for network in event.networks],
            )
        )

    return {
        evidence_pb2.Progress: lambda event: pb.AnalyzeResponse(progress=event),
        contract.Header: header,
        contract.GroupFeatures: lambda event: pb.AnalyzeResponse(features=features(event)),
        contract.TagSet: lambda event: pb.AnalyzeResponse(tag_set=tag_set(event)),
        contract.Summary: summary,
    }


def analysis_request(config: pb.AnalysisConfig) -> AnalysisRequest:
    """Reads what a caller asks for; what is not set has the request's own default.

    Raises:
        AntiphonError: INVALID_ARGUMENT, with the reasons that AnalysisRequest and TagRequest refuse for.
    """
    return AnalysisRequest(
        groups=_groups(config),
        tags=_tag_request(config),
        tags_only=set(config.groups) == {TAGS},
        include_series=config.include_series,
        melody=config.melody,
        stem=config.stem,
        beat_seconds=tuple(config.beat_seconds),
        series_window_seconds=config.series_window_seconds
        if config.HasField("series_window_seconds")
        else AnalysisRequest.series_window_seconds,
        key_profiles=tuple(config.key_profiles),
        min_bpm=config.min_bpm if config.HasField("min_bpm") else AnalysisRequest.min_bpm,
        max_bpm=config.max_bpm if config.HasField("max_bpm") else AnalysisRequest.max_bpm,
        melody_engine=config.melody_engine or MELODY_ENGINES[0],
        notes=config.notes,
    )


def _groups(config: pb.AnalysisConfig) -> tuple[str, ...]:
    named = tuple(name for name in config.groups if name != TAGS)
    return named or ((STEM,) if config.stem else GROUPS)


def _tag_request(config: pb.AnalysisConfig) -> TagRequest | None:
    """What the caller asks of the tags; None for none. See AnalysisConfig.tags for what its absence means."""
    wanted = TAGS in config.groups or not (config.groups or config.stem)
    if config.tags.skip or not (wanted or config.HasField("tags")):
        return None
    tags, usual = config.tags, TagRequest()
    return TagRequest(
        models=tuple(tags.models),
        threshold=tags.threshold if tags.HasField("threshold") else usual.threshold,
        top_k=tags.top_k if tags.HasField("top_k") else usual.top_k,
        all_scores=tags.all_scores,
        embeddings=tags.include_embeddings,
        patch_scores=tags.include_patch_scores,
        normalise_gain=tags.normalise_gain,
    )


def tag_set(event: contract.TagSet) -> pb.TagSet:
    """Makes the message of one model's tags; a label of the form ``Parent---Style`` is told in its two parts too."""
    message = pb.TagSet(
        model=evidence.model(event.model),
        engine=event.engine,
        device=event.device,
        precision=event.precision,
        library_versions=event.library_versions,
        label_count=event.label_count,
        patch_count=event.patch_count,
        patch_seconds=event.patch_seconds,
        hop_seconds=event.hop_seconds,
        patch_labels=event.labels,
        stand_in=event.stand_in,
        gain_db=event.gain_db,
    )
    for tag in event.tags:
        # Parents hold commas, slashes and ampersands; three dashes alone part them from the style.
        parent, _, name = tag.label.rpartition("---")
        message.tags.add(label=tag.label, name=name, parent=parent, score=tag.score)
    for field, matrix in (("embeddings", event.embeddings), ("patch_scores", event.patch_scores)):
        if matrix is not None:
            tensor = getattr(message, field)
            tensor.data_type, tensor.data = audio_pb2.Tensor.DATA_TYPE_F32, matrix.data
            tensor.shape.extend(matrix.shape)
    return message


def features(event: contract.GroupFeatures) -> pb.Features:
    """Makes the message of a group, which is set even where nothing of it is known."""
    message = pb.Features()
    group = getattr(message, event.group)
    group.SetInParent()
    _fill(group, event.values)
    return message


def _fill(message: Message, values: Mapping[str, Any]) -> None:
    """Sets the message's fields by name; an engine and its contract therefore share their names."""
    for name, value in values.items():
        if not isinstance(value, tuple):
            setattr(message, name, value)
        elif value and isinstance(value[0], Mapping):
            for each in value:
                _fill(getattr(message, name).add(), each)
        else:
            getattr(message, name).extend(value)
