"""Aesthetics are scored by a network that an operator brings, or not at all."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.models import InstalledModel, Manifest, Store
from chassis.models.model import File, Model
from services.essentia.contract import AESTHETICS, AnalysisRequest
from services.essentia.engines.aesthetics import AXES, PACKAGES, Aesthetics
from services.essentia.job import Jobs
from services.essentia.settings import EssentiaSettings
from standins import untrained_aesthetics
from tests.services.essentia import signals
from tests.services.essentia.conftest import MANIFEST
from tests.services.essentia.scripted_task import ScriptedTask
from tests.services.essentia.signals import write

SETTINGS = EssentiaSettings(device="cpu")
MISSING = [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def test_without_weights_the_group_is_refused_before_any_work(tmp_path: Path) -> None:
    jobs = Jobs(EssentiaSettings(), Store(tmp_path / "models", Manifest.load(MANIFEST)))
    path = write(tmp_path / "tone.wav", signals.stack(signals.sine(440, -10, 1)))
    with pytest.raises(AntiphonError) as caught:
        list(jobs.analyze(ScriptedTask(Source(path)), AnalysisRequest((AESTHETICS, "signal"))))
    assert caught.value.reason == "MODEL_NOT_INSTALLED"


@pytest.fixture
def model(tmp_path: Path) -> InstalledModel:
    """A network of the published shape with made-up weights."""
    if MISSING:
        pytest.skip(f"the service's own requirements leave out {', '.join(MISSING)}")
    contents = untrained_aesthetics.files(tmp_path)
    files = tuple(File(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items())
    row = Model("aesthetics-standin", "essentia", AESTHETICS, False, False, "stand-in", "CC0-1.0", True, files)
    return InstalledModel(row, tmp_path, {name: tmp_path / name for name in contents})


def test_a_recording_is_the_mean_of_its_windows_weighed_by_length(model: InstalledModel) -> None:
    engine = Aesthetics.load(model, SETTINGS)
    rng = np.random.default_rng(0)
    first, second = (rng.normal(0, 0.1, seconds * 16000).astype(np.float32) for seconds in (10, 5))
    apart = [engine.score(iter([part])) for part in (first, second)]
    whole = engine.score(iter([first[:7000], first[7000:], second]))
    assert set(whole) == set(AXES.values())
    for name, value in whole.items():
        assert value == pytest.approx((2 * apart[0][name] + apart[1][name]) / 3, abs=1e-4)
    # The scale of each axis is that of its configuration; an untrained network answers near its mean.
    assert [round(whole[name] - 5) for name in AXES.values()] == pytest.approx([0, 1, 2, 3], abs=1)


def test_files_of_another_network_are_refused(model: InstalledModel) -> None:
    model.files["config.json"].write_text(json.dumps({"unknown": 1}), encoding="utf-8")
    with pytest.raises(AntiphonError) as caught:
        Aesthetics.load(model, SETTINGS)
    assert caught.value.reason == "MODEL_METADATA"
