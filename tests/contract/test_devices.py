"""A GPU that is asked for and not there is told of by every family, whatever models are installed."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import Manifest, Store

SERVICES = Path(__file__).parents[2] / "services"
LIBRARIES = {
    "essentia": "onnxruntime",
    "generation": "torch",
    "llm_audio": "llama_cpp",
    "separation": "torch",
    "speech": "ctranslate2",
}
"""What looks for the GPU in the environment of each family."""


@pytest.mark.parametrize("family", LIBRARIES)
def test_a_gpu_that_is_not_there_is_told_of_before_any_model_is_looked_for(family: str, tmp_path: Path) -> None:
    pytest.importorskip(LIBRARIES[family], reason=f"the libraries of {family} are not in this environment")
    if any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/kfd")):
        pytest.skip("there is a GPU here")
    settings = importlib.import_module(f"services.{family}.service").Settings()
    store = Store(tmp_path, Manifest.load(SERVICES / family / "models.toml", None))
    made = importlib.import_module(f"services.{family}.job").Jobs
    made(dataclasses.replace(settings, device="cpu"), store).check_device()
    with pytest.raises(AntiphonError) as caught:
        made(dataclasses.replace(settings, device="cuda"), store).check_device()
    assert caught.value.reason == "DEVICE_NOT_AVAILABLE"
