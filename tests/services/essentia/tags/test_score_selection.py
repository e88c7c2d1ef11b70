"""Of the scores a caller gets what was asked for, the best first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.reports import ModelReport, WarningReport
from services.essentia.contract import Activations, TagRequest, TagSet
from services.essentia.engines.discogs_onnx import DiscogsTagger
from services.essentia.tags import score_selection as selection

LABELS = ("low", "high", "middle", "edge")
# Means over the patches: 0.05, 0.9, 0.4, 0.125 (exactly, to stand on a threshold).
SCORES = np.array([[0.0, 0.8, 0.4, 0.125], [0.1, 1.0, 0.4, 0.125]], np.float32)
FOUND = Activations("m", LABELS, SCORES, np.arange(6, dtype=np.float32).reshape(2, 3), 2.048, 0.992, stand_in=False)
MODEL = ModelReport("m", "1", {}, "CC0-1.0", True)


@pytest.fixture(scope="module")
def tagger() -> DiscogsTagger:
    return DiscogsTagger("cpu", 1)


def choose(
    tagger: DiscogsTagger, request: TagRequest, found: Activations = FOUND
) -> tuple[TagSet, list[WarningReport]]:
    events = list(selection.select(found, request, MODEL, "onnx", tagger))
    assert isinstance(events[-1], TagSet)
    return events[-1], [event for event in events if isinstance(event, WarningReport)]


def test_by_default_tags_of_a_tenth_and_more_come_the_best_first(tagger: DiscogsTagger) -> None:
    tags, warnings = choose(tagger, TagRequest())
    assert [tag.label for tag in tags.tags] == ["high", "middle", "edge"]
    assert [tag.score for tag in tags.tags] == pytest.approx([0.9, 0.4, 0.125])
    assert (tags.label_count, tags.patch_count, tags.engine, tags.device) == (4, 2, "onnx", "cpu")
    assert warnings == []


@pytest.mark.parametrize(
    ("request_", "labels"),
    [
        (TagRequest(threshold=0.125), ["high", "middle", "edge"]),
        (TagRequest(threshold=0.3), ["high", "middle"]),
        (TagRequest(threshold=0), ["high", "middle", "edge", "low"]),
        (TagRequest(top_k=1), ["high"]),
        (TagRequest(threshold=1, top_k=1, all_scores=True), ["high", "middle", "edge", "low"]),
        (TagRequest(threshold=0.95), []),
    ],
)
def test_threshold_and_number_are_the_callers(tagger: DiscogsTagger, request_: TagRequest, labels: list[str]) -> None:
    tags, _ = choose(tagger, request_)
    assert [tag.label for tag in tags.tags] == labels


def test_tensors_carry_the_numbers_themselves(tagger: DiscogsTagger) -> None:
    tags, _ = choose(tagger, TagRequest(embeddings=True, patch_scores=True))
    assert tags.embeddings is not None
    assert tags.patch_scores is not None
    assert np.array_equal(np.frombuffer(tags.embeddings.data, "<f4").reshape(tags.embeddings.shape), FOUND.embeddings)
    assert np.array_equal(np.frombuffer(tags.patch_scores.data, "<f4").reshape(tags.patch_scores.shape), SCORES)
    assert tags.labels == LABELS


def test_scores_of_patches_come_only_where_they_are_asked_for(tagger: DiscogsTagger) -> None:
    tags, _ = choose(tagger, TagRequest())
    assert tags.patch_scores is None
    assert tags.labels == ()


def test_a_tensor_beyond_the_limit_is_left_out_and_said_to_be(tagger: DiscogsTagger) -> None:
    wide = np.zeros((2, selection.MATRIX_BYTES // 8 + 1), np.float32)
    tags, warnings = choose(tagger, TagRequest(embeddings=True), replace(FOUND, embeddings=wide))
    assert tags.embeddings is None
    assert [(one.reason, one.field) for one in warnings] == [("TENSOR_TOO_LARGE", "tag_sets.embeddings")]


def test_made_up_weights_are_flagged(tagger: DiscogsTagger) -> None:
    tags, warnings = choose(tagger, TagRequest(), replace(FOUND, stand_in=True))
    assert tags.stand_in
    assert [one.reason for one in warnings] == ["STAND_IN_MODEL"]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"threshold": 1.1}, "config.tags.threshold"), ({"threshold": float("nan")}, "config.tags.threshold"),
     ({"top_k": 0}, "config.tags.top_k")],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(values: dict[str, float], field: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        TagRequest(**values)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.field) == ("INVALID_ARGUMENT", field)
