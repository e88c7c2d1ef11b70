"""The briefing of a language model: what other stages said of a recording, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2


def briefing(parts: Mapping[str, Message]) -> str:
    """Gives the parts of essentia and speech as one JSON object, by the fields' own names; empty where there are none.

    Time series, words, embeddings and provenance are left out: they are long, and no prose is made of them.
    """
    found: dict[str, Any] = {}
    if isinstance(analysis := parts.get("essentia"), essentia_pb2.Analysis):
        kept = essentia_pb2.Analysis()
        kept.features.CopyFrom(analysis.features)
        kept.features.ClearField("series")
        for tag_set in analysis.tag_sets:
            kept.tag_sets.add(model=tag_set.model, tags=tag_set.tags, stand_in=tag_set.stand_in)
        found["essentia"] = _plain(kept)
    if isinstance(transcript := parts.get("speech"), speech_pb2.Transcript):
        heard = speech_pb2.Transcript()
        heard.summary.language_code = transcript.summary.language_code
        for segment in transcript.segments:
            heard.segments.add(text=segment.text)
        found["speech"] = _plain(heard)
    return json.dumps(found, ensure_ascii=False) if found else ""


def _plain(message: Message) -> Any:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)
