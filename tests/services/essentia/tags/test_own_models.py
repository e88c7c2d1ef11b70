"""A head that an operator pins as the README shows is fetched from a mirror and tags."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import Manifest, Store
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from services.essentia.contract import TAG_ENGINES, Activations
from services.essentia.engines.discogs_onnx import DiscogsTagger
from services.essentia.engines.discogs_tensorflow import TensorflowTagger
from standins import tiny_tag_networks
from tests.services.essentia.conftest import PROJECT
from tests.services.essentia.tag_signals import blocks, sweep

SERVICE = PROJECT / "services" / "essentia"
README = (SERVICE / "README.md").read_text(encoding="utf-8")
RECIPE = next(block for block in re.findall(r"```toml\n(.*?)```", README, re.S) if "own-gender" in block)
EXTRACTOR, HEAD = "discogs-effnet-bsdynamic-1", "gender-discogs-effnet-1"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins under the names of the published files."""
    folder = tmp_path_factory.mktemp("mirror")
    for words in (tiny_tag_networks.OnnxWords, tiny_tag_networks.TensorflowWords):
        tiny_tag_networks.simple_extractor(words, folder / f"{EXTRACTOR}{words.suffix}")
        tiny_tag_networks.two_label_head(words, folder / f"{HEAD}{words.suffix}")
    tiny_tag_networks.extractor_card(folder / f"{EXTRACTOR}.json")
    tiny_tag_networks.two_label_card(folder / f"{HEAD}.json", ("female", "male"))
    return folder


def pinned(recipe: str, mirror: Path) -> str:
    """The recipe with the sizes and digests of the mirror's files."""

    def pin(match: re.Match[str]) -> str:
        content = (mirror / match["name"]).read_bytes()
        return f'name = "{match["name"]}"\nsize = {len(content)}\nsha256 = "{hashlib.sha256(content).hexdigest()}"'

    return re.sub(r'name = "(?P<name>[^"]+\.(?:onnx|json|pb))"\nsize = \d+[^\n]*\nsha256 = "[^"]*"[^\n]*', pin, recipe)


def pull(root: Path, mirror: Path, recipe: str) -> Store:
    extra = root / "models.toml"
    extra.write_text(recipe)
    store = Store(root / "store", Manifest.load(SERVICE / "models.toml", extra))
    settings = StoreSettings(model_mirror=mirror, model_sources=("directory",))
    Puller(PROJECT, settings, HubSettings(), lambda event: None).pull(store, "own-gender")
    return store


def test_the_recipe_of_the_readme_gives_a_model_that_tags(mirror: Path, tmp_path: Path) -> None:
    model = pull(tmp_path, mirror, pinned(RECIPE, mirror)).require("own-gender")
    events = DiscogsTagger("cpu", 1).tag(lambda: blocks(sweep(80000)), [model])
    found = next(event for event in events if isinstance(event, Activations))
    assert found.labels == ("female", "male")
    # Of two labels that exclude each other.
    assert found.scores.sum(axis=1) == pytest.approx(np.ones(len(found.scores)), abs=1e-5)


def test_both_engines_take_heads_of_two_labels(mirror: Path) -> None:
    scores = {}
    for name, engine in (("onnx", DiscogsTagger("cpu", 1)), ("essentia", TensorflowTagger("cpu", 1))):
        model = tiny_tag_networks.installed("gender", name, mirror, EXTRACTOR, HEAD)
        events = engine.tag(lambda: blocks(sweep(80000)), [model])
        scores[name] = next(event.scores for event in events if isinstance(event, Activations))
    # See test_taggers.py for the tolerance.
    assert scores["onnx"] == pytest.approx(scores["essentia"], abs=2e-4)


def test_a_file_that_differs_from_its_pin_is_refused(mirror: Path, tmp_path: Path) -> None:
    wrong = pinned(RECIPE, mirror).replace(hashlib.sha256((mirror / f"{HEAD}.onnx").read_bytes()).hexdigest(), "0" * 64)
    with pytest.raises(AntiphonError) as caught:
        pull(tmp_path, mirror, wrong)
    assert caught.value.reason == "MODEL_FETCH_FAILED"


def test_what_the_recipe_pins_of_the_extractor_is_what_the_manifest_pins() -> None:
    recipe, manifest = (tomllib.loads(text) for text in (RECIPE, (SERVICE / "models.toml").read_text("utf-8")))
    known = {file["name"]: file for model in manifest["models"] for file in model.get("files", [])}
    (model,) = recipe["models"]
    assert model["engine"] in TAG_ENGINES
    shared = [file for file in model["files"] if file["name"].startswith(EXTRACTOR)]
    assert len(shared) == 2
    assert all(file == known[file["name"]] for file in shared)
