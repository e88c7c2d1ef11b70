"""What computes a bag's networks, as the settings ask: OpenVINO for HTDemucs on a CPU, torch for everything else."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from antiphon_wire.errors import not_ready
from services.separation.engines.demucs import weights
from services.separation.engines.demucs.bag import Bag
from services.separation.engines.demucs.torch_backend import TorchBackend

if TYPE_CHECKING:
    from services.separation.settings import SeparationSettings


class Backend(Protocol):
    """What computes; see :class:`TorchBackend`."""

    name: str
    device: str
    precision: str
    at_once: int

    def run(self, index: int, chunks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Gives the answers of network ``index`` to chunks."""
        ...


def bag_and_backend(
    recipe: weights.Recipe, directory: Path, device: torch.device, settings: SeparationSettings
) -> tuple[Bag, Backend]:
    """Reads a model's networks into what the settings ask for; ``auto`` is OpenVINO wherever it can.

    Args:
        recipe: The model's networks.
        directory: Where its files lie, and beside them the graphs where the settings name no other folder.
        device: What computes.
        settings: The family's.

    Raises:
        AntiphonError: FAILED_PRECONDITION; ``BACKEND_NOT_AVAILABLE``, ``PRECISION_NOT_AVAILABLE``,
            ``MODEL_UNREADABLE``.
        ValueError: the networks do not fit each other.
    """
    wanted = settings.backend
    if wanted == "openvino" and device.type != "cpu":
        raise not_ready(
            "BACKEND_NOT_AVAILABLE",
            f"the OpenVINO backend computes on CPUs and the device is {device}; set SEPARATION_DEVICE to cpu, "
            "or SEPARATION_BACKEND to auto or torch",
            backend=wanted,
            device=device,
        )
    if wanted != "torch" and device.type == "cpu" and importlib.util.find_spec("openvino") is not None:
        # Imported here: it takes a second, and nothing else needs it.
        from services.separation.engines.demucs import openvino_graph
        from services.separation.engines.demucs.openvino_backend import OpenVinoBackend

        shells = [weights.shell(path) for path in recipe.networks]
        if wanted == "openvino" or all(map(openvino_graph.is_graphable, shells)):
            bag = Bag(shells, recipe.weights, recipe.segment)
            folder = openvino_graph.folder_for(directory, settings.graph_dir)
            return bag, OpenVinoBackend(
                bag.networks,
                [folder / path.stem for path in recipe.networks],
                [partial(_loaded, path, each) for path, each in zip(recipe.networks, bag.networks, strict=True)],
                settings.precision,
                settings.thread_count,
                settings.chunks_at_once,
            )
    bag = Bag([weights.load(path) for path in recipe.networks], recipe.weights, recipe.segment)
    return bag, TorchBackend(bag.networks, device, settings.precision, settings.chunks_at_once)


def _loaded(path: Path, shell: Any) -> torch.nn.Module:
    """The network whose shell is in use, cut as the bag cuts it."""
    network: Any = weights.load(path)
    network.segment = shell.segment
    return network
