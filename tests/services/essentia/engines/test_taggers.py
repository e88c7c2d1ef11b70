"""Two engines give the same tags for the same weights; what does not fit is refused."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import InstalledModel
from chassis.reports import ProgressReport, WarningReport
from services.essentia.contract import Activations, Tagger
from services.essentia.engines.discogs_onnx import DiscogsTagger
from services.essentia.engines.discogs_tensorflow import TensorflowTagger, stretches
from standins import tiny_tag_networks
from tests.services.essentia.tag_signals import blocks, sweep

TAGGERS = {"onnx": DiscogsTagger, "essentia": TensorflowTagger}
STRETCH = (63 * 62 + 128) * 256
"""Samples of a whole batch of 64 patches."""


@pytest.fixture(scope="session")
def taggers() -> dict[str, Tagger]:
    """One tagger of each engine, as a worker keeps them."""
    return {name: tagger("cpu", 1) for name, tagger in TAGGERS.items()}


def models(folder: Path, engine: str) -> list[InstalledModel]:
    return [
        tiny_tag_networks.installed("genre", engine, folder, "extractor"),
        tiny_tag_networks.installed("mood", engine, folder, "extractor", "head"),
    ]


def found(tagger: Tagger, samples: np.ndarray, chosen: Sequence[InstalledModel], embeddings: bool = False) -> list:
    return list(tagger.tag(lambda: blocks(samples), chosen, embeddings))


def activations(events: Sequence[object]) -> list[Activations]:
    return [event for event in events if isinstance(event, Activations)]


@pytest.mark.parametrize("samples", [1000, 32513, 80000, STRETCH, STRETCH + 62 * 256, 2 * STRETCH])
def test_the_engines_agree_on_equal_weights(taggers: dict[str, Tagger], standins: Path, samples: int) -> None:
    audio = sweep(samples)
    ours, theirs = (
        activations(found(tagger, audio, models(standins, engine), True)) for engine, tagger in taggers.items()
    )
    assert [one.model for one in ours] == [one.model for one in theirs] == ["genre", "mood"]
    for one, other in zip(ours, theirs, strict=True):
        assert one.scores.shape == other.scores.shape
        assert one.labels == other.labels
        assert one.embeddings is not None
        assert other.embeddings is not None
        # The front ends differ by less than a thousandth in nearly all values; a mean over a patch does by less.
        assert one.scores == pytest.approx(other.scores, abs=2e-4)
        assert one.embeddings == pytest.approx(other.embeddings, abs=1e-3)
        # The answers follow the audio, or agreement would mean nothing.
        assert len(one.scores) == 1 or one.scores.std(axis=0).max() > 1e-3


@pytest.mark.parametrize("engine", TAGGERS)
def test_a_model_is_loaded_once_and_says_so(standins: Path, engine: str) -> None:
    tagger = TAGGERS[engine]("cpu", 1)
    loads = []
    for _ in range(2):
        events = found(tagger, sweep(40000), models(standins, engine))
        loads.append([event.step for event in events if isinstance(event, ProgressReport) and event.loading])
    assert loads[0][0] == "genre"
    assert loads[1] == []


@pytest.mark.parametrize("engine", TAGGERS)
def test_embeddings_come_where_they_are_asked_for(taggers: dict[str, Tagger], standins: Path, engine: str) -> None:
    audio = sweep(80000)
    without, given = (activations(found(taggers[engine], audio, models(standins, engine), on)) for on in (False, True))
    assert [one.embeddings for one in without] == [None, None]
    assert [one.embeddings.shape for one in given if one.embeddings is not None] == [(3, 1280), (3, 1280)]


@pytest.mark.parametrize("engine", TAGGERS)
def test_silence_gives_a_warning_and_no_tags(taggers: dict[str, Tagger], standins: Path, engine: str) -> None:
    events = found(taggers[engine], np.zeros(64000, np.float32), models(standins, engine))
    assert activations(events) == []
    assert [event.reason for event in events if isinstance(event, WarningReport)] == ["AUDIO_SILENT"]


@pytest.mark.parametrize("engine", TAGGERS)
def test_a_caller_who_leaves_ends_the_work(taggers: dict[str, Tagger], standins: Path, engine: str) -> None:
    calls = []

    def checkpoint() -> None:
        calls.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(taggers[engine].tag(lambda: blocks(sweep(80000)), models(standins, engine), False, checkpoint))
    assert calls == [1]


def test_stretches_hold_no_more_than_a_batch(standins: Path) -> None:
    audio = sweep(3 * STRETCH)
    lengths = [(len(stretch), skipped) for stretch, skipped in stretches(blocks(audio))]
    assert lengths[:2] == [(STRETCH, 0), (STRETCH, 1)]
    assert max(length for length, _ in lengths) == STRETCH


@pytest.mark.parametrize(("engine", "suffix"), [("onnx", ".onnx"), ("essentia", ".pb")])
def test_a_graph_that_is_none_is_refused_by_name(
    taggers: dict[str, Tagger], standins: Path, tmp_path: Path, engine: str, suffix: str
) -> None:
    (tmp_path / f"broken{suffix}").write_bytes(b"\xff" * 40)
    shutil.copy(standins / "extractor.json", tmp_path / "broken.json")
    model = tiny_tag_networks.installed("broken", engine, tmp_path, "broken")
    with pytest.raises(AntiphonError) as caught:
        found(taggers[engine], sweep(40000), [model])
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_GRAPH")
    assert f"broken{suffix}" in caught.value.message


@pytest.mark.parametrize(("engine", "suffix"), [("onnx", ".onnx"), ("essentia", ".pb")])
def test_labels_that_do_not_fit_the_scores_are_refused(
    taggers: dict[str, Tagger], standins: Path, tmp_path: Path, engine: str, suffix: str
) -> None:
    shutil.copy(standins / f"extractor{suffix}", tmp_path / f"odd{suffix}")
    tiny_tag_networks.extractor_card(tmp_path / "odd.json", ["one", "two"])
    model = tiny_tag_networks.installed("odd", engine, tmp_path, "odd")
    with pytest.raises(AntiphonError) as caught:
        found(taggers[engine], sweep(40000), [model])
    assert caught.value.reason == "MODEL_METADATA"
    assert "400 scores for 2 labels" in caught.value.message


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(AntiphonError) as caught:
        DiscogsTagger("migraphx", 1)
    assert caught.value.reason == "DEVICE_NOT_AVAILABLE"
    assert caught.value.metadata["available"] == "cpu"
