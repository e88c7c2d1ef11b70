"""Tiny networks of Spleeter's class with seeded random weights, in a store of their own; the real weights if there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from antiphon_wire.errors import Cancelled
from chassis.models import InstalledModel, Manifest, Store
from services.separation.engines.spleeter import Spleeter
from services.separation.engines.spleeter_network import UNet
from services.separation.settings import SeparationSettings

TINY_WIDTHS = (2, 4, 4, 8, 8, 8)
METADATA = {"format": "spleeter-unet", "sample_rate": "44100", "stems": "vocals,accompaniment"}
MANIFEST = Path(__file__).parents[3] / "services" / "separation" / "models.toml"

ROW = """
[[models]]
name = "{name}"
engine = "{engine}"
default = {default}
starter = false
revision = "seeded"
license_spdx = "CC0-1.0"
commercial_use = true

[[models.files]]
name = "{name}.safetensors"
size = {size}
sha256 = "{sha256}"
sources = [{{ kind = "https", url = "https://example.invalid/{name}" }}]
"""


def random_state(seed: int) -> dict[str, torch.Tensor]:
    """Weights of a tiny network, scaled so that its masks differ from bin to bin: constant ones would prove little."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, tensor in UNet(TINY_WIDTHS).state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        drawn = torch.randn(tensor.shape, generator=generator)
        fan_in = max(1.0, float(np.prod(tensor.shape[1:])))
        if name.endswith("running_var"):
            state[name] = drawn.abs() + 0.5
        elif name.startswith("mask"):
            state[name] = 2.0 * drawn
        else:
            state[name] = drawn * (2.0 / fan_in) ** 0.5 + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
    return state


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_tensors() -> dict[str, torch.Tensor]:
    """The tensors of the tiny weights file, by name."""
    stems = METADATA["stems"].split(",")
    return {f"{stem}.{name}": tensor for seed, stem in enumerate(stems) for name, tensor in random_state(seed).items()}


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory, tiny_tensors: dict[str, torch.Tensor]) -> Store:
    """A store with the model ``tiny``, ``absent`` that is not installed, and ``other`` for an engine there is not."""
    folder = tmp_path_factory.mktemp("models") / "separation"
    folder.mkdir()
    weights = folder / "weights"
    save_file(tiny_tensors, weights, METADATA)
    data = weights.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    installed = {"size": len(data), "sha256": sha256}
    manifest = folder / "models.toml"
    manifest.write_text(
        ROW.format(name="tiny", engine="spleeter", default="true", **installed)
        + ROW.format(name="twin", engine="spleeter", default="false", **installed)
        + ROW.format(name="absent", engine="spleeter", default="false", size=1, sha256="0" * 64)
        + ROW.format(name="other", engine="demixer", default="false", **installed)
    )
    store = Store(folder / "store", Manifest.load(manifest))
    blob = store.blobs.path(sha256)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    return store


@pytest.fixture(scope="session")
def tiny_model(tiny_store: Store) -> InstalledModel:
    """The tiny model as the engine is handed it."""
    return tiny_store.require("tiny")


@pytest.fixture(scope="session")
def tiny(tiny_model: InstalledModel) -> Spleeter:
    """The tiny model, loaded on the CPU."""
    return Spleeter.load(tiny_model, SeparationSettings(device="cpu"))


@pytest.fixture(scope="session")
def real_store() -> Store:
    """The store with the real weights; the test is skipped where they are not installed."""
    store = Store(None, MANIFEST)
    if not store.installed("spleeter-2stems"):
        pytest.skip(f"spleeter-2stems is not installed in {store.root}: antiphon models pull spleeter-2stems")
    return store


@pytest.fixture(scope="session")
def real(real_store: Store) -> Spleeter:
    """The real model, loaded on the CPU."""
    return Spleeter.load(real_store.require("spleeter-2stems"), SeparationSettings(device="cpu"))


@pytest.fixture
def cancel_after() -> Callable[[int], Callable[[], None]]:
    """Makes a checkpoint that raises Cancelled after so many calls."""

    def make(calls: int) -> Callable[[], None]:
        left = iter(range(calls))

        def checkpoint() -> None:
            if next(left, None) is None:
                raise Cancelled

        return checkpoint

    return make


@dataclass
class Signals:
    """Seeded test signals: float32, ``(2, samples)``, 44.1 kHz."""

    rate: int = 44_100

    def noise(self, frames: int, seed: int = 0) -> np.ndarray:
        """White noise, different in both channels, at -20 dBFS."""
        return (0.1 * np.random.default_rng(seed).standard_normal((2, frames))).astype(np.float32)

    def song(self, seconds: float) -> dict[str, np.ndarray]:
        """A sung-like line and drums with bass under it, as ``vocals`` and ``accompaniment``."""
        t = np.arange(round(seconds * self.rate)) / self.rate
        return {"vocals": self._stereo(self._voice(t)), "accompaniment": self._stereo(self._drums(t) + self._bass(t))}

    def _voice(self, t: np.ndarray) -> np.ndarray:
        notes = np.array([57, 60, 62, 64, 62, 60, 57, 55])[(t / 0.8).astype(int) % 8]
        pitch = 440 * 2 ** ((notes - 69) / 12 + 0.04 * np.sin(2 * np.pi * 5.5 * t))  # vibrato of half a semitone
        phase = 2 * np.pi * np.cumsum(pitch) / self.rate
        harmonics = np.arange(1, 25)
        # Two formants of an open vowel, 700 and 1200 Hz, over a falling slope.
        levels = [
            np.exp(-(((k * pitch - 700) / 250) ** 2)) + np.exp(-(((k * pitch - 1200) / 300) ** 2)) + 0.1 / k
            for k in harmonics
        ]
        sung = sum(level * np.sin(k * phase) for k, level in zip(harmonics, levels, strict=True))
        return 0.12 * sung * np.clip(np.minimum(t % 0.8, 0.8 - t % 0.8) / 0.05, 0, 1)

    def _drums(self, t: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng(7).standard_normal(t.size)
        beat, off = t % 0.5, (t + 0.25) % 0.5
        kick = 0.6 * np.sin(2 * np.pi * (50 * beat + 6 * (1 - np.exp(-30 * beat)))) * np.exp(-12 * beat)
        return kick + 0.15 * noise * np.exp(-40 * off)

    def _bass(self, t: np.ndarray) -> np.ndarray:
        note = np.array([55.0, 55.0, 65.4, 49.0])[(t / 1.0).astype(int) % 4]
        return 0.25 * np.sin(2 * np.pi * np.cumsum(note) / self.rate)

    @staticmethod
    def _stereo(wave: np.ndarray) -> np.ndarray:
        return np.stack([wave, wave]).astype(np.float32)


@pytest.fixture(scope="session")
def signals() -> Signals:
    """Seeded test signals."""
    return Signals()


def decibels(part: np.ndarray, whole: np.ndarray) -> float:
    """Energy of ``part`` over that of ``whole`` (dB)."""
    return float(10 * np.log10(np.square(part, dtype=np.float64).sum() / np.square(whole, dtype=np.float64).sum()))


@pytest.fixture(scope="session")
def level() -> Callable[[np.ndarray, np.ndarray], float]:
    """Energy of the first over that of the second (dB)."""
    return decibels
