"""A checkpoint whose files do not fit each other is refused when it is loaded, one without numbers when it draws."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from antiphon_wire.errors import AntiphonError
from chassis.family.loading import naming
from chassis.models import InstalledModel, Store
from services.generation.contract import Order, Sampling
from services.generation.engines.musicgen import loading
from services.generation.engines.musicgen.engine import MusicGen
from services.generation.engines.musicgen.sampling import Sampler
from services.generation.settings import GenerationSettings
from tests.mutated_settings import mutate, put

SETTINGS = GenerationSettings(device="cpu")


def changed(store: Store, folder: Path, name: str, **values: Any) -> InstalledModel:
    """The tiny model with other values in one of its JSON files."""
    right = store.require("tiny-mono")
    files = {}
    for file, path in right.files.items():
        files[file] = folder / file
        files[file].parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes()
        files[file].write_bytes(json.dumps({**json.loads(data), **values}).encode() if file == name else data)
    return InstalledModel(right.model, folder, files)


@pytest.mark.parametrize("token", [-1, 10**9, "x", 1.5])
def test_a_decoder_that_starts_with_no_token_of_its_own_is_refused(
    tiny_store: Store, tmp_path: Path, token: Any
) -> None:
    model = changed(tiny_store, tmp_path, "generation_config.json", decoder_start_token_id=token)
    with pytest.raises(AntiphonError, match=r"MODEL_UNREADABLE"):
        loading.load(model, SETTINGS)


@pytest.mark.parametrize("values", [{"pad_token": None}, {"model_max_length": "x"}], ids=str)
def test_a_tokenizer_that_reads_no_text_is_refused(tiny_store: Store, tmp_path: Path, values: dict[str, Any]) -> None:
    model = changed(tiny_store, tmp_path, "tokenizer_config.json", **values)
    with pytest.raises(AntiphonError, match=r"MODEL_UNREADABLE.*tokenizer"):
        loading.load(model, SETTINGS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decoder.dropout", float("nan")),
        ("decoder.hidden_size", 60_000),
        ("decoder.num_hidden_layers", 3),
        ("decoder.max_position_embeddings", 10**9),
        ("decoder", "DELETE"),
        ("text_encoder.num_layers", 10**12),
        ("text_encoder.vocab_size", 10**9),
        ("audio_encoder.upsampling_ratios", [0]),
        ("audio_encoder.sampling_rate", -1),
        ("audio_encoder.num_lstm_layers", 10**6),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_the_weights_are_refused_when_it_is_loaded(
    tiny_store: Store, tmp_path: Path, name: str, value: Any
) -> None:
    model = changed(tiny_store, tmp_path, "config.json")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(put(json.loads(path.read_text()), tuple(name.split(".")), value)))
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE") as caught:
        MusicGen.load(model, SETTINGS)
    assert caught.value.metadata["command"] == "antiphon models pull tiny-mono"
    assert str(tmp_path) not in str(caught.value)


def serves(model: InstalledModel, folder: Path) -> None:
    """Holds that a checkpoint can be loaded, and makes a quarter of a second that is a sound."""
    installed = InstalledModel(model.model, folder, model.files)
    with naming(installed):
        engine = MusicGen.load(installed, SETTINGS)
    for block in engine.generate(Order(("warm piano",), (1,), 0.25)):
        assert np.isfinite(block.samples).all()


@pytest.mark.parametrize("count", [25, pytest.param(2000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["mono", "melody"])
def test_mutated_settings_serve_or_are_refused(tiny_store: Store, tmp_path: Path, kind: str, count: int) -> None:
    model = tiny_store.require(f"tiny-{kind}")
    mutate(model.directory, tmp_path / "model", count, partial(serves, model))


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_told_as_the_models(score: float) -> None:
    scores = torch.full((4, 16), score)
    with pytest.raises(AntiphonError, match="MODEL_NOT_FINITE"):
        Sampler(Sampling(guidance_scale=1.0), [1], guided=False, device=torch.device("cpu"))(scores)
