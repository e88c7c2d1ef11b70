"""A tiny Spleeter in a store of its own, the real weights where they are installed, and signals to separate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from antiphon_wire.errors import Cancelled
from chassis.models import InstalledModel, Store
from services.separation.engines.spleeter.engine import Spleeter
from services.separation.settings import SeparationSettings
from standins import tiny_spleeter

MANIFEST = Path(__file__).parents[3] / "services" / "separation" / "models.toml"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_tensors() -> dict[str, torch.Tensor]:
    """The tensors of the tiny weights file, by name."""
    return tiny_spleeter.tensors()


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the model ``tiny``, ``absent`` that is not installed, and ``other`` for an engine there is not."""
    return tiny_spleeter.store(tmp_path_factory.mktemp("models"))


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
