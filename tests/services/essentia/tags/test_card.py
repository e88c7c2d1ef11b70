"""Metadata files are read strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from antiphon_wire.errors import AntiphonError
from services.essentia.tags.card import EMBEDDINGS, PREDICTIONS, Card

DOCUMENT = {
    "classes": ["Electronic---House", "Folk, World, & Country---Celtic"],
    "schema": {
        "inputs": [{"name": "in", "shape": ["batch_size", 1280]}],
        "outputs": [
            {"name": "out", "shape": [2], "output_purpose": "predictions"},
            {"name": "logits", "shape": [2], "output_purpose": ""},
        ],
    },
    "inference": {"sample_rate": 16000},
}


def write(folder: Path, document: object) -> Path:
    (folder / "card.json").write_text(json.dumps(document), "utf-8")
    return folder / "card.json"


def test_labels_and_nodes_are_read(tmp_path: Path) -> None:
    card = Card.read(write(tmp_path, DOCUMENT))
    assert card.labels == ("Electronic---House", "Folk, World, & Country---Celtic")
    assert card.input is not None
    assert (card.input.name, card.input.shape, card.input.width) == ("in", (None, 1280), 1280)
    assert card.output(PREDICTIONS, "x").name == "out"
    assert not card.stand_in


def test_an_output_that_is_not_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AntiphonError, match="embeddings"):
        Card.read(write(tmp_path, DOCUMENT)).output(EMBEDDINGS, "head.pb")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {**DOCUMENT, "inference": {"sample_rate": 44100}},
        {**DOCUMENT, "classes": ["a", "a"]},
        {**DOCUMENT, "schema": {"outputs": [{"output_purpose": "predictions"}]}},
    ],
)
def test_what_is_no_metadata_is_refused(tmp_path: Path, document: object) -> None:
    with pytest.raises(AntiphonError) as caught:
        Card.read(write(tmp_path, document))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_METADATA")
