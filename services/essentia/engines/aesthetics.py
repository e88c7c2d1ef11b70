"""Audiobox Aesthetics (Tjandra et al. 2025): four scores of listeners, by a network on WavLM.

Needs the packages torch and audiobox_aesthetics, which the service's own requirements leave out, and weights in a
manifest of the operator's: the publisher's config.json and model.safetensors.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.models import InstalledModel

SAMPLE_RATE = 16000
WINDOW_SECONDS = 10
MIN_SECONDS = 0.05
# The network's axes, and what they are called here.
AXES = {
    "CE": "content_enjoyment",
    "CU": "content_usefulness",
    "PC": "production_complexity",
    "PQ": "production_quality",
}
PACKAGES = ("torch", "safetensors", "audiobox_aesthetics")


class Aesthetics:
    """Scores a recording in windows of 10 s, each weighed by its length; keeps the network from call to call.

    Args:
        device: ``cpu``, ``cuda`` or ``auto`` for a GPU where PyTorch has one; others count as ``cpu``.
        threads: CPU threads.
    """

    def __init__(self, device: str, threads: int) -> None:
        self._wanted, self._threads = device, threads
        self._loaded: tuple[str, Any, Any] | None = None

    def score(
        self, blocks: Iterable[np.ndarray], model: InstalledModel, checkpoint: Callable[[], None] = lambda: None
    ) -> dict[str, float]:
        """Scores audio, float32 (samples,) a block at SAMPLE_RATE; by field name, about 1 to 10.

        Raises:
            AntiphonError: PACKAGE_MISSING, MODEL_METADATA, AUDIO_TOO_SHORT below 0.05 s.
        """
        network, torch = self._load(model)
        device = next(network.parameters()).device
        size = WINDOW_SECONDS * SAMPLE_RATE
        sums, seconds = dict.fromkeys(AXES, 0.0), 0.0
        for window in _windows(blocks, size):
            checkpoint()
            samples, mask = torch.zeros(1, 1, size), torch.zeros(1, 1, size, dtype=torch.bool)
            samples[0, 0, : window.size] = torch.from_numpy(window)
            mask[0, 0, : window.size] = True
            with torch.inference_mode():
                found = network({"wav": samples.to(device), "mask": mask.to(device)})
            for axis in AXES:
                fit = network.target_transform[axis]
                sums[axis] += window.size * (float(found[axis].float().item()) * fit["std"] + fit["mean"])
            seconds += window.size
        if seconds < MIN_SECONDS * SAMPLE_RATE:
            raise invalid(
                "AUDIO_TOO_SHORT",
                f"{seconds / SAMPLE_RATE:.3f} s of audio is too short to score; give at least {MIN_SECONDS} s",
                seconds=f"{seconds / SAMPLE_RATE:.3f}",
                min_seconds=MIN_SECONDS,
            )
        return {AXES[axis]: total / seconds for axis, total in sums.items()}

    def versions(self) -> dict[str, str]:
        """Versions that can change the scores, by distribution name."""
        found = {}
        for name in ("torch", "audiobox-aesthetics"):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "unknown"
        return found

    def _load(self, model: InstalledModel) -> tuple[Any, Any]:
        if self._loaded is None or self._loaded[0] != model.name:
            check_packages()
            import torch
            from audiobox_aesthetics.model.aes import AesMultiOutput
            from safetensors.torch import load_file

            torch.set_num_threads(self._threads)
            try:
                config = json.loads(model.files["config.json"].read_text(encoding="utf-8"))
                network = AesMultiOutput(**config)
                network.load_state_dict(load_file(model.files["model.safetensors"]))
                if set(network.target_transform) != set(AXES):
                    raise ValueError(f"its axes are {', '.join(network.target_transform)}, not {', '.join(AXES)}")
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise not_ready(
                    "MODEL_METADATA",
                    f"the files of {model.name!r} are not Audiobox Aesthetics: {error}",
                    model=model.name,
                ) from error
            gpu = self._wanted in ("auto", "cuda") and torch.cuda.is_available()
            network = network.to("cuda" if gpu else "cpu").eval()
            self._loaded = (model.name, network, torch)
        return self._loaded[1], self._loaded[2]


def check_packages() -> None:
    """Says which package is missing.

    Raises:
        AntiphonError: PACKAGE_MISSING.
    """
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise not_ready(
                "PACKAGE_MISSING",
                f"the group aesthetics needs the Python package {package!r}, which is not installed in this service",
                package=package,
            )


def _windows(blocks: Iterable[np.ndarray], size: int) -> Iterable[np.ndarray]:
    rest = np.empty(0, np.float32)
    for block in blocks:
        rest = np.concatenate((rest, np.asarray(block, np.float32)))
        while rest.size >= size:
            yield rest[:size].copy()
            rest = rest[size:]
    if rest.size:
        yield rest.copy()
