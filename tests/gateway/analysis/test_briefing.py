"""The briefing of a language model: what goes into it, and what is too long or too inner for it."""

from __future__ import annotations

import json

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from gateway.analysis.briefing import briefing


def test_no_parts_are_no_facts() -> None:
    assert briefing({}) == ""


def test_long_and_inner_things_are_left_out_of_the_facts() -> None:
    analysis, transcript = essentia_pb2.Analysis(), speech_pb2.Transcript()
    analysis.features.series.beat_seconds.extend([1.0] * 1000)
    analysis.summary.provenance.engine = "features"
    tag_set = analysis.tag_sets.add(patch_labels=["rock"])
    tag_set.model.name = "musicnn-msd"
    tag_set.embeddings.data = bytes(1000)
    tag_set.tags.add(label="rock", score=0.5)
    segment = transcript.segments.add(text="la")
    segment.words.add(text="la", probability=0.5)
    facts = json.loads(briefing({"essentia": analysis, "speech": transcript}))
    assert facts == {
        "essentia": {
            "features": {},
            "tag_sets": [{"model": {"name": "musicnn-msd"}, "tags": [{"label": "rock", "score": 0.5}]}],
        },
        "speech": {"segments": [{"text": "la"}], "summary": {}},
    }
