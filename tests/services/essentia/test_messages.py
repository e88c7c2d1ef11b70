"""What a caller sets reaches the engine, and what the engine measured reaches the caller, under its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf.message import Message

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from services.essentia import messages
from services.essentia.contract import ALL_GROUPS, GROUPS, AnalysisRequest, GroupFeatures, TagRequest
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analysis, Analyze

# Field of AnalysisConfig: (value, what the engine is asked).
SETTINGS: dict[str, tuple[object, dict[str, object]]] = {
    "groups": (["tonal", "rhythm"], {"groups": ("tonal", "rhythm"), "tags": None}),
    "include_series": (True, {"include_series": True}),
    "melody": (True, {"melody": True}),
    "tags": (pb.TagSettings(top_k=3, include_patch_scores=True), {"tags": TagRequest(top_k=3, patch_scores=True)}),
    "stem": ("drums", {"stem": "drums", "groups": ("stem",), "tags": None}),
    "beat_seconds": ([0.5, 1.0], {"beat_seconds": (0.5, 1.0)}),
    "series_window_seconds": (2.5, {"series_window_seconds": 2.5}),
    "key_profiles": (["temperley"], {"key_profiles": ("temperley",)}),
    "min_bpm": (61.0, {"min_bpm": 61.0}),
    "max_bpm": (179.0, {"max_bpm": 179.0}),
    "melody_engine": ("melodia", {"melody_engine": "melodia"}),
    "notes": (True, {"notes": True}),
}
# What the upload is about, and not the engine.
OF_THE_UPLOAD = {"audio_format", "clip"}


def test_every_setting_of_the_contract_is_tried_here() -> None:
    assert {field.name for field in pb.AnalysisConfig.DESCRIPTOR.fields} == {*SETTINGS, *OF_THE_UPLOAD}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_reaches_the_engine_and_changes_nothing_else(name: str) -> None:
    value, expected = SETTINGS[name]
    usual = messages.analysis_request(pb.AnalysisConfig())
    found = messages.analysis_request(pb.AnalysisConfig(**{name: value}))  # type: ignore[arg-type]
    assert vars(found) == {**vars(usual), **expected}


def test_what_is_not_set_is_the_engines_own_default() -> None:
    assert messages.analysis_request(pb.AnalysisConfig()) == AnalysisRequest(tags=TagRequest())


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (pb.AnalysisConfig(groups=["loud"]), "UNKNOWN_GROUP"),
        (pb.AnalysisConfig(groups=["series"]), "UNKNOWN_GROUP"),
        (pb.AnalysisConfig(groups=["stem"]), "STEM_UNNAMED"),
        (pb.AnalysisConfig(beat_seconds=[2.0, 1.0]), "BEAT_SECONDS"),
        (pb.AnalysisConfig(beat_seconds=[-1.0]), "BEAT_SECONDS"),
        (pb.AnalysisConfig(series_window_seconds=0.0), "SERIES_WINDOW"),
        (pb.AnalysisConfig(series_window_seconds=601.0), "SERIES_WINDOW"),
        (pb.AnalysisConfig(key_profiles=["edmm"]), "UNKNOWN_KEY_PROFILE"),
        (pb.AnalysisConfig(min_bpm=0.0), "TEMPO_RANGE"),
        (pb.AnalysisConfig(min_bpm=120.0, max_bpm=100.0), "TEMPO_RANGE"),
        (pb.AnalysisConfig(melody_engine="crepe"), "UNKNOWN_MELODY_ENGINE"),
        (pb.AnalysisConfig(tags=pb.TagSettings(threshold=1.5)), "TAG_THRESHOLD"),
        (pb.AnalysisConfig(tags=pb.TagSettings(top_k=0)), "TAG_TOP_K"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(config: pb.AnalysisConfig, reason: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        messages.analysis_request(config)
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)


def same(message: Message, values: Mapping[str, Any]) -> None:
    """Every value is in the message, and nothing else is."""
    assert {field.name for field, _ in message.ListFields()} == {
        name for name, value in values.items() if value not in ((), "")
    }
    for name, value in values.items():
        found = getattr(message, name)
        if isinstance(value, tuple) and value and isinstance(value[0], Mapping):
            assert len(found) == len(value)
            for one, other in zip(found, value, strict=True):
                same(one, other)
        else:
            assert (tuple(found) if isinstance(value, tuple) else found) == value, name


@pytest.mark.parametrize("group", [*GROUPS, "series"])
def test_every_number_of_a_group_is_in_its_message(music: Analysis, group: str) -> None:
    message = messages.features(GroupFeatures(group, music.groups[group]))
    assert [field.name for field, _ in message.ListFields()] == [group]
    assert music.groups[group], "this tests nothing"
    same(getattr(message, group), music.groups[group])


def test_a_stem_is_in_its_message(analyze: Analyze) -> None:
    values = analyze(signals.music(), "stem", stem="drums").groups["stem"]
    message = messages.features(GroupFeatures("stem", values)).stem
    assert len(message.ListFields()) == len(values) > 0
    same(message, values)


def test_a_group_without_a_number_is_sent_all_the_same() -> None:
    assert messages.features(GroupFeatures("rhythm", {})).HasField("rhythm")


def test_the_groups_are_those_of_the_contract() -> None:
    in_contract = {field.name for field in pb.Features.DESCRIPTOR.fields}
    assert in_contract == {*ALL_GROUPS, "aesthetics", "series"}
    assert "duration" in audio_pb2.SourceAudio.DESCRIPTOR.fields_by_name
