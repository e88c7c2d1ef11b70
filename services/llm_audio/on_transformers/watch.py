"""Looks for a cancel between the layers of a network, for one step of a large one takes seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from services.llm_audio.contract import Checkpoint

_SECONDS = 0.05


class Watch:
    """Calls the checkpoint before a layer computes, every 50 ms at most; what it raises leaves the network's call.

    Args:
        network: Every member of its lists of layers is watched.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self._checkpoint: Checkpoint | None = None
        self._due = 0.0
        for module in network.modules():
            if isinstance(module, torch.nn.ModuleList):
                for layer in module:
                    layer.register_forward_pre_hook(self._look)

    @contextmanager
    def over(self, checkpoint: Checkpoint) -> Iterator[None]:
        """Watches the network's calls inside the block."""
        self._checkpoint, self._due = checkpoint, time.monotonic() + _SECONDS
        try:
            yield
        finally:
            self._checkpoint = None

    def _look(self, module: Any, inputs: Any) -> None:
        if self._checkpoint is not None and time.monotonic() >= self._due:
            self._checkpoint()
            self._due = time.monotonic() + _SECONDS
