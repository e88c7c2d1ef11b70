"""Settings of audiocraft's models that do not fit their weights are refused when the model is loaded."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.family.loading import naming
from chassis.models import InstalledModel, Store
from services.generation.contract import Order
from services.generation.settings import GenerationSettings
from tests.mutated_settings import mutate, put

audiocraft = pytest.importorskip(
    "services.generation.engines.audiocraft.engine",
    reason="audiocraft has an environment of its own: make test-generation-audiocraft",
)


def serves(model: InstalledModel, settings: GenerationSettings, folder: Path) -> None:
    """Holds that a model can be loaded, and makes a quarter of a second that is a sound."""
    installed = InstalledModel(model.model, folder, model.files)
    with naming(installed):
        engine = audiocraft.Audiocraft.load(installed, settings)
    for block in engine.generate(Order(("warm piano",), (1,), 0.25, engine.sampling)):
        assert np.isfinite(block.samples).all()


@pytest.mark.parametrize(
    ("file", "place", "value"),
    [
        ("lm.json", ("transformer_lm", "num_layers"), 10**6),
        ("lm.json", ("transformer_lm", "dim"), 1 << 20),
        ("lm.json", ("transformer_lm", "card"), 10**9),
        ("lm.json", ("conditioners", "description", "lut", "n_bins"), 10**8),
        ("compression.json", ("seanet", "n_filters"), 1 << 20),
        ("compression.json", ("rvq", "n_q"), 10**6),
        ("compression.json", ("rvq", "bins"), 10**9),
    ],
)
def test_sizes_that_the_weights_do_not_have_are_refused_before_anything_is_built(
    craft_store: Store,
    craft_settings: GenerationSettings,
    tmp_path: Path,
    file: str,
    place: tuple[str, ...],
    value: int,
) -> None:
    model = craft_store.require("music")
    folder = tmp_path / "model"
    shutil.copytree(model.directory, folder)
    path = folder / file
    settings: Any = put(json.loads(path.read_text()), place, value)
    path.write_text(json.dumps(settings))
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE") as caught:
        audiocraft.Audiocraft.load(InstalledModel(model.model, folder, model.files), craft_settings)
    assert f"{place[-1]} of its {file} is {value}" in caught.value.message


@pytest.mark.parametrize("count", [12, pytest.param(2000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", ["music", "magnet", "melody", "heard"])
def test_mutated_settings_serve_or_are_refused(
    craft_store: Store, craft_settings: GenerationSettings, tmp_path: Path, name: str, count: int
) -> None:
    model = craft_store.require(name)
    mutate(model.directory, tmp_path / "model", count, partial(serves, model, craft_settings))
