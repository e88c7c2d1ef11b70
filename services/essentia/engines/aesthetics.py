"""Audiobox Aesthetics (Tjandra et al. 2025): four scores of listeners, by a network on WavLM.

Needs the packages torch and audiobox_aesthetics, which the service's own requirements leave out, and weights in a
manifest of the operator's: the publisher's config.json and model.safetensors.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.models import InstalledModel
from services.essentia.contract import MIN_SECONDS
from services.essentia.contract import TAG_SAMPLE_RATE as SAMPLE_RATE

if TYPE_CHECKING:
    from services.essentia.settings import EssentiaSettings

WINDOW_SECONDS = 10
"""Length that the network was trained on."""

AXES = {
    "CE": "content_enjoyment",
    "CU": "content_usefulness",
    "PC": "production_complexity",
    "PQ": "production_quality",
}
"""The network's axes, and what they are called here."""

PACKAGES = ("torch", "safetensors", "audiobox_aesthetics")


class Aesthetics:
    """Scores a recording in windows of 10 s, each weighed by its length.

    Args:
        network: AesMultiOutput, on its device, ready to run.
        torch: The module.
    """

    precision = "float32"
    parameters: Mapping[str, str] = MappingProxyType({})

    def __init__(self, network: Any, torch: Any) -> None:
        self._network, self._torch = network, torch
        self.device = str(next(network.parameters()).device.type)
        self.library_versions: Mapping[str, str] = {
            name: _version_of(name) for name in ("torch", "audiobox-aesthetics")
        }

    @staticmethod
    def check_packages() -> None:
        """Says which package is missing, without importing any.

        Raises:
            AntiphonError: PACKAGE_MISSING.
        """
        for package in PACKAGES:
            if importlib.util.find_spec(package) is None:
                raise not_ready(
                    "PACKAGE_MISSING",
                    f"the group aesthetics needs the Python package {package!r}, which this service does not have",
                    package=package,
                )

    @classmethod
    def load(cls, model: InstalledModel, settings: EssentiaSettings) -> Self:
        """Loads the network, on a GPU where PyTorch has one and the settings name ``cuda`` or ``auto``.

        Raises:
            AntiphonError: PACKAGE_MISSING; MODEL_METADATA where the files are of another network.
        """
        cls.check_packages()
        import torch
        from audiobox_aesthetics.model.aes import AesMultiOutput
        from safetensors.torch import load_file

        torch.set_num_threads(settings.thread_count)
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
        gpu = settings.device in ("auto", "cuda") and torch.cuda.is_available()
        return cls(network.to("cuda" if gpu else "cpu").eval(), torch)

    def score(self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = lambda: None) -> dict[str, float]:
        """Scores audio, float32 (samples,) a block at SAMPLE_RATE; by field name, about 1 to 10.

        Raises:
            AntiphonError: AUDIO_TOO_SHORT below 0.05 s.
        """
        torch, network = self._torch, self._network
        size = WINDOW_SECONDS * SAMPLE_RATE
        sums, samples = dict.fromkeys(AXES, 0.0), 0
        for window in _windows(blocks, size):
            checkpoint()
            # The last window is filled up with silence, which the mask tells the network to pass over.
            heard, mask = torch.zeros(1, 1, size), torch.zeros(1, 1, size, dtype=torch.bool)
            heard[0, 0, : window.size] = torch.from_numpy(window)
            mask[0, 0, : window.size] = True
            with torch.inference_mode():
                found = network({"wav": heard.to(self.device), "mask": mask.to(self.device)})
            for axis in AXES:
                # It was trained on scores of mean 0 and deviation 1; its configuration says what they were before.
                fit = network.target_transform[axis]
                sums[axis] += window.size * (float(found[axis].float().item()) * fit["std"] + fit["mean"])
            samples += window.size
        if samples < MIN_SECONDS * SAMPLE_RATE:
            raise invalid(
                "AUDIO_TOO_SHORT",
                f"{samples / SAMPLE_RATE:.3f} s of audio is too short to score; give at least {MIN_SECONDS} s",
                seconds=f"{samples / SAMPLE_RATE:.3f}",
                min_seconds=MIN_SECONDS,
            )
        return {AXES[axis]: total / samples for axis, total in sums.items()}


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def _windows(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    rest = np.empty(0, np.float32)
    for block in blocks:
        rest = np.concatenate((rest, np.asarray(block, np.float32)))
        while rest.size >= size:
            yield rest[:size].copy()
            rest = rest[size:]
    if rest.size:
        yield rest.copy()
