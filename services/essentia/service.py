"""The essentia RPCs: where the wire meets the engines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon.essentia.v1 import essentia_service_pb2_grpc as pb_grpc
from antiphon.evidence.v1 import evidence_pb2
from chassis import evidence
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.server import rpc
from services.essentia import contract as engine
from services.essentia.contract import GROUPS, MELODY_ENGINES, STEM, TAGS, AnalysisRequest, TagRequest
from services.essentia.settings import PORT
from services.essentia.settings import EssentiaSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["EssentiaService"].full_name
register = pb_grpc.add_EssentiaServiceServicer_to_server


def family(settings: Settings) -> Family:
    """What sets this family apart."""
    return Family("essentia", "services.essentia.job:Jobs", settings, Path(__file__).parent / "models.toml", port=PORT)


class Servicer(pb_grpc.EssentiaServiceServicer):
    """Answers EssentiaService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Analyze(self, requests: AsyncIterator[pb.AnalyzeRequest], context: Any) -> AsyncIterator[Any]:
        """Streams the features of an uploaded recording, group by group."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            async with aclosing(call.run("analyze", _request(config))) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.AnalyzeResponse(progress=event)
                    elif isinstance(event, engine.Header):
                        yield pb.AnalyzeResponse(header=pb.AnalysisHeader(source=call.source(event.source)))
                    elif isinstance(event, engine.GroupFeatures):
                        yield pb.AnalyzeResponse(features=_features(event))
                    elif isinstance(event, engine.TagSet):
                        yield pb.AnalyzeResponse(tag_set=_tag_set(event))
                    elif isinstance(event, engine.Summary):
                        yield pb.AnalyzeResponse(summary=_summary(event, call, config))

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())


def _request(config: pb.AnalysisConfig) -> AnalysisRequest:
    return AnalysisRequest(
        groups=_groups(config),
        tags=_tag_request(config),
        tags_only=set(config.groups) == {TAGS},
        include_series=config.include_series,
        melody=config.melody,
        stem=config.stem,
        beat_seconds=tuple(config.beat_seconds),
        series_window_seconds=config.series_window_seconds if config.HasField("series_window_seconds") else 10.0,
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
    )


def _tag_set(event: engine.TagSet) -> pb.TagSet:
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


def _features(event: engine.GroupFeatures) -> pb.Features:
    features = pb.Features()
    group = getattr(features, event.group)
    group.SetInParent()
    _fill(group, event.values)
    return features


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


def _summary(event: engine.Summary, call: Call, config: pb.AnalysisConfig) -> pb.AnalysisSummary:
    return pb.AnalysisSummary(
        source=call.source(event.source),
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
        networks=[evidence.model(network) for network in event.networks],
    )
