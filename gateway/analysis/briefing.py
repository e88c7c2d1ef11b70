"""The briefing of a language model: what other stages said of a recording, and what follows from it, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from gateway.analysis.fuse.key import key
from gateway.analysis.fuse.loudness import loudness
from gateway.analysis.fuse.tempo import tempo
from gateway.analysis.fuse.vocals import vocals

_Fact = TypeVar("_Fact", bound=Message)

_FACTS: Mapping[str, Callable[[record_pb2.AnalysisRecord], Any]] = {
    "tempo": tempo,
    "key": key,
    "loudness": loudness,
    "vocals": vocals,
}
"""Of the fused facts those that are not already there word for word, as language and lyrics are in ``speech``."""


def briefing(parts: Mapping[str, Message]) -> str:
    """Gives the parts of essentia and speech as one JSON object, by the fields' own names; empty where there are none.

    ``fusion`` in it has the facts as the record will have them, so that the prose cannot say another tempo than the
    record: they come from the same functions. Series, overview, words, embeddings and provenance are left out, what
    warnings say in words, and of the fused facts candidates and sources: they are long, and no prose is made of them.
    """
    found: dict[str, Any] = {}
    record = record_pb2.AnalysisRecord()
    if isinstance(analysis := parts.get("essentia"), essentia_pb2.Analysis):
        kept = essentia_pb2.Analysis()
        kept.features.CopyFrom(analysis.features)
        kept.features.ClearField("series")
        kept.features.ClearField("overview")
        for tag_set in analysis.tag_sets:
            kept.tag_sets.add(model=tag_set.model, tags=tag_set.tags, stand_in=tag_set.stand_in)
        for warning in analysis.summary.warnings:
            kept.summary.warnings.add(reason=warning.reason, field=warning.field)
        found["essentia"] = _plain(kept)
        record.essentia.features.CopyFrom(kept.features)
    if isinstance(transcript := parts.get("speech"), speech_pb2.Transcript):
        heard = speech_pb2.Transcript()
        heard.summary.language_code = transcript.summary.language_code
        for segment in transcript.segments:
            heard.segments.add(text=segment.text)
        found["speech"] = _plain(heard)
    if isinstance(stems := parts.get("separation"), separation_pb2.SeparationSummary):
        record.separation.CopyFrom(stems)
    if fused := {name: _plain(_bare(fact)) for name, conclude in _FACTS.items() if (fact := conclude(record))}:
        found["fusion"] = fused
    return json.dumps(found, ensure_ascii=False) if found else ""


def _bare(fact: _Fact) -> _Fact:
    """Takes out what led to a fact."""
    for name in ("candidates", "evidence"):
        if name in fact.DESCRIPTOR.fields_by_name:
            fact.ClearField(name)
    return fact


def _plain(message: Message) -> Any:
    plain = json_format.MessageToDict(message, preserving_proto_field_name=True)
    _sort_maps(message.DESCRIPTOR, plain)
    return plain


def _sort_maps(kind: Any, plain: dict[str, Any]) -> None:
    """Sorts the maps of a message by key, which come in another order in each process; fields stay where they are."""
    for field in kind.fields:
        value = plain.get(field.name)
        inner = field.message_type
        if value is None or inner is None:
            continue
        if inner.GetOptions().map_entry:
            plain[field.name] = dict(sorted(value.items()))
        else:
            for each in value if isinstance(value, list) else [value]:
                # What JSON writes in another way, such as a duration, has no fields there.
                if isinstance(each, dict):
                    _sort_maps(inner, each)
