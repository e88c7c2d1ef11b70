"""Sums the overlapping frames of spectra that were turned back, in torch, as they come."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from services.separation.mix.framing import HOP, WINDOW


class OverlapAdd:
    """Sums overlapping frames as they come, giving out each sample once nothing can be added to it any more.

    Args:
        shape: Shape of what the frames are of, such as ``(stems, channels)``.
        device: Where the frames are.
    """

    def __init__(self, shape: tuple[int, ...], device: torch.device) -> None:
        self._pending = torch.zeros(*shape, WINDOW // HOP - 1, HOP, device=device)

    def add(self, frames: torch.Tensor) -> torch.Tensor:
        """Adds ``(*shape, frames, WINDOW)`` and gives ``(*shape, frames * HOP)`` that are final."""
        count, parts = frames.shape[-2], frames.unflatten(-1, (-1, HOP))
        total = F.pad(self._pending, (0, 0, 0, count))
        for part in range(parts.shape[-2]):
            total[..., part : part + count, :] += parts[..., part, :]
        self._pending = total[..., count:, :].clone()
        return total[..., :count, :].flatten(-2)

    def tail(self) -> torch.Tensor:
        """Gives what is left after the last frame, ``(*shape, WINDOW - HOP)``."""
        return self._pending.flatten(-2)
