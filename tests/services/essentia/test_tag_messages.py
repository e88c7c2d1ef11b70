"""Tag settings and tag sets on the wire."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as pb
from chassis.reports import ModelReport
from services.essentia import messages
from services.essentia.contract import Matrix, TagRequest, TagScore, TagSet


@pytest.mark.parametrize(
    ("config", "tagged"),
    [
        (pb.AnalysisConfig(), True),
        (pb.AnalysisConfig(groups=["rhythm"]), False),
        (pb.AnalysisConfig(groups=["rhythm", "tags"]), True),
        (pb.AnalysisConfig(groups=["rhythm"], tags=pb.TagSettings()), True),
        (pb.AnalysisConfig(stem="drums"), False),
        (pb.AnalysisConfig(tags=pb.TagSettings(skip=True)), False),
    ],
)
def test_when_tags_come(config: pb.AnalysisConfig, tagged: bool) -> None:
    assert (messages.analysis_request(config).tags is not None) is tagged


def test_tags_alone_are_asked_for_as_a_group() -> None:
    assert messages.analysis_request(pb.AnalysisConfig(groups=["tags"])).tags_only
    assert not messages.analysis_request(pb.AnalysisConfig(groups=["tags", "rhythm"])).tags_only
    assert messages.analysis_request(pb.AnalysisConfig(groups=["tags", "rhythm"])).groups == ("rhythm",)


def test_what_is_not_set_has_its_default() -> None:
    assert messages.analysis_request(pb.AnalysisConfig(tags=pb.TagSettings())).tags == TagRequest()
    zero = pb.TagSettings(threshold=0, models=["a"], all_scores=True, include_embeddings=True)
    wanted = TagRequest(models=("a",), threshold=0, all_scores=True, embeddings=True)
    assert messages.analysis_request(pb.AnalysisConfig(tags=zero)).tags == wanted


def test_labels_are_parted_at_three_dashes_alone() -> None:
    labels = ["Folk, World, & Country---Celtic", "Funk / Soul---Rhythm & Blues", "alt-country", "Yé-Yé"]
    matrix = Matrix((2, 3), np.arange(6, dtype="<f4").tobytes())
    event = TagSet(
        model=ModelReport("m", "1", {"a": "b"}, "CC0-1.0", True),
        engine="onnx",
        device="cpu",
        precision="float32",
        library_versions={"numpy": "2"},
        tags=tuple(TagScore(label, 0.5) for label in labels),
        label_count=4,
        patch_count=2,
        patch_seconds=2.048,
        hop_seconds=0.992,
        embeddings=matrix,
        patch_scores=None,
        labels=(),
        stand_in=False,
    )
    message = messages.tag_set(event)
    assert [tag.label for tag in message.tags] == labels
    assert [(tag.parent, tag.name) for tag in message.tags] == [
        ("Folk, World, & Country", "Celtic"),
        ("Funk / Soul", "Rhythm & Blues"),
        ("", "alt-country"),
        ("", "Yé-Yé"),
    ]
    assert message.embeddings.data_type == audio_pb2.Tensor.DATA_TYPE_F32
    assert (list(message.embeddings.shape), len(message.embeddings.data)) == ([2, 3], 24)
    assert not message.HasField("patch_scores")
    assert message.model.name == "m"
