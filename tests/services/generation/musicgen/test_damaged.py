"""A checkpoint whose files do not fit each other is refused when it is loaded, one without numbers when it draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from antiphon_wire.errors import AntiphonError
from chassis.models import InstalledModel, Store
from services.generation.contract import Sampling
from services.generation.engines.musicgen import loading
from services.generation.engines.musicgen.sampling import Sampler
from services.generation.settings import GenerationSettings

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


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_told_as_the_models(score: float) -> None:
    scores = torch.full((4, 16), score)
    with pytest.raises(AntiphonError, match="MODEL_NOT_FINITE"):
        Sampler(Sampling(guidance_scale=1.0), [1], guided=False, device=torch.device("cpu"))(scores)
