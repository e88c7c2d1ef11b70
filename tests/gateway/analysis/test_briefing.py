"""The briefing of a language model: what goes into it, and what is too long or too inner for it."""

from __future__ import annotations

import json
import subprocess
import sys

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from gateway.analysis.briefing import briefing
from gateway.analysis.fuse.record import fuse


def test_no_parts_are_no_facts() -> None:
    assert briefing({}) == ""


def test_the_facts_are_those_that_the_record_will_have() -> None:
    analysis, stems = essentia_pb2.Analysis(), separation_pb2.SeparationSummary()
    rhythm, tonal = analysis.features.rhythm, analysis.features.tonal
    rhythm.bpm, rhythm.bpm_multifeature, rhythm.bpm_percival = 172.0, 86.0, 172.5
    tonal.key_tonic, tonal.key_scale, tonal.key_agreement = "A", "minor", 1.0
    analysis.features.loudness.integrated_lufs = -14.5
    stems.stems.add(name="vocals", energy_share=0.25)
    parts = {"essentia": analysis, "separation": stems}
    assert json.loads(briefing(parts))["fusion"] == {
        "tempo": {"bpm": 172.0, "agreement": 0.5, "disputed": True},
        "key": {"tonic": "A", "scale": "minor", "agreement": 1.0},
        "loudness": {"integrated_lufs": -14.5},
        "vocals": {"energy_share": 0.25},
    }
    record = fuse(parts, []).fusion
    assert (record.tempo.bpm, record.tempo.agreement, record.key.tonic) == (172.0, 0.5, "A")


def test_long_and_inner_things_are_left_out_of_the_facts() -> None:
    analysis, transcript = essentia_pb2.Analysis(), speech_pb2.Transcript()
    analysis.features.series.beat_seconds.extend([1.0] * 1000)
    analysis.features.overview.peaks = bytes(1000)
    analysis.summary.provenance.engine = "features"
    analysis.summary.warnings.add(reason="AUDIO_STEADY", message="one sound", field="tag_sets")
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
            "summary": {"warnings": [{"reason": "AUDIO_STEADY", "field": "tag_sets"}]},
        },
        "speech": {"segments": [{"text": "la"}], "summary": {}},
    }


IN_A_PROCESS = """
from antiphon.essentia.v1 import essentia_service_pb2 as pb
from gateway.analysis.briefing import briefing
analysis = pb.Analysis()
tag_set = analysis.tag_sets.add(stand_in=True)
tag_set.model.name = "musicnn"
for index in range(30):
    tag_set.model.weights_sha256[f"file{index * 7 % 30:02}"] = "00"
tag_set.tags.add(label="z", score=0.5)
tag_set.tags.add(label="a", score=0.25)
print(briefing({"essentia": analysis}))
"""


def test_the_facts_are_the_same_text_in_every_process() -> None:
    told = {
        subprocess.run([sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, check=True).stdout
        for _ in range(4)
    }
    assert len(told) == 1
    (tag_set,) = json.loads(told.pop())["essentia"]["tag_sets"]
    assert list(tag_set["model"]["weights_sha256"]) == sorted(tag_set["model"]["weights_sha256"])


def test_only_maps_are_sorted_and_what_a_prompt_shows_stays_in_its_order() -> None:
    analysis = essentia_pb2.Analysis()
    analysis.features.rhythm.bpm, analysis.features.tonal.key_tonic = 120.0, "A"
    tag_set = analysis.tag_sets.add()
    for label in ("z", "a"):
        tag_set.tags.add(label=label, score=0.5)
    facts = json.loads(briefing({"essentia": analysis}))["essentia"]
    declared = [field.name for field in essentia_pb2.Features.DESCRIPTOR.fields]
    assert list(facts["features"]) == [name for name in declared if name in facts["features"]]
    assert [tag["label"] for tag in facts["tag_sets"][0]["tags"]] == ["z", "a"]
