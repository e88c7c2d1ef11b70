"""The residual branches of HTDemucs' layers over all frequencies at once, for graphs.

demucs moves the frequencies of a layer into the batch, ``(frequencies, channels, frames)``, for one-dimensional
convolutions, and back: four copies of the largest tensors there are. The same sums as two-dimensional convolutions of
height one leave everything where it is. The gated half of each branch, which demucs cuts in two, comes of two
convolutions instead. Nothing differs but rounding.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from demucs.demucs import DConv, LayerScale
from demucs.hdemucs import HDecLayer, HEncLayer
from torch import nn

_PLAIN = (nn.Conv1d, nn.GroupNorm, (nn.GELU, nn.ReLU), nn.Conv1d, nn.GroupNorm, nn.GLU, LayerScale)
_ACROSS = (1, 3)  # channels and frames: what a norm of one group takes together, for each frequency


@contextlib.contextmanager
def flattened(network: Any) -> Iterator[None]:
    """Within the block the layers of a network's spectral branch compute their residuals flat, where they can."""
    undo = []
    # A merged last layer of the wave branch takes what comes before a decoder's last convolution, residual included.
    merged = any(layer.empty for layer in network.tdecoder)
    for layer in (*network.encoder, *([] if merged else network.decoder)):
        follower = {HEncLayer: "rewrite", HDecLayer: "conv_tr"}.get(type(layer))
        if follower is None or not layer.freq or getattr(layer, follower) is None or not _is_plain(layer.dconv):
            continue
        undo.append((layer, follower, layer.dconv, getattr(layer, follower)))
        # The branch comes last before this convolution in either kind of layer.
        setattr(layer, follower, nn.Sequential(FlatResidual(layer.dconv), getattr(layer, follower)))
        layer.dconv = None
    try:
        yield
    finally:
        for layer, follower, dconv, convolution in undo:
            setattr(layer, follower, convolution)
            layer.dconv = dconv


class FlatResidual(nn.Module):
    """A DConv for ``(1, channels, frequencies, frames)``; its weights are those of the given one."""

    def __init__(self, dconv: DConv) -> None:
        super().__init__()
        self._steps = nn.ModuleList(_Step(*layer) for layer in dconv.layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Adds one branch after the other."""
        for step in self._steps:
            x = x + step(x)
        return x


class _Step(nn.Module):
    def __init__(
        self,
        narrow: nn.Conv1d,
        first_norm: nn.GroupNorm,
        activation: nn.Module,
        wide: nn.Conv1d,
        second_norm: nn.GroupNorm,
        _gate: nn.GLU,
        scale: LayerScale,
    ) -> None:
        super().__init__()
        half = wide.out_channels // 2
        self._narrow, self._activation = _flat(narrow, slice(None)), activation
        self._kept, self._gate = _flat(wide, slice(None, half)), _flat(wide, slice(half, None))
        self._first, self._second = _Norm(first_norm), _Norm(second_norm)
        self._scale = scale.scale.data[:, None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        (hidden,) = self._first(self._narrow(x))
        hidden = self._activation(hidden)
        kept, gate = self._second(self._kept(hidden), self._gate(hidden))
        return self._scale * (kept * torch.sigmoid(gate))


class _Norm:
    """Group norm of one group over tensors that are parts of one, of as many channels each."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        self._weight, self._bias, self._floor = norm.weight.data, norm.bias.data, norm.eps

    def __call__(self, *parts: torch.Tensor) -> list[torch.Tensor]:
        mean = sum(part.mean(_ACROSS, keepdim=True) for part in parts) / len(parts)
        parts = tuple(part - mean for part in parts)
        variance = sum((part * part).mean(_ACROSS, keepdim=True) for part in parts) / len(parts)
        factor = torch.rsqrt(variance + self._floor)
        weights, biases = (each[:, None, None].chunk(len(parts)) for each in (self._weight, self._bias))
        return [part * factor * weight + bias for part, weight, bias in zip(parts, weights, biases, strict=True)]


def _flat(convolution: nn.Conv1d, rows: slice) -> nn.Conv2d:
    weight, bias = convolution.weight.data[rows], convolution.bias.data[rows]
    made = nn.Conv2d(
        weight.shape[1],
        weight.shape[0],
        (1, weight.shape[2]),
        padding=(0, int(convolution.padding[0])),
        dilation=(1, convolution.dilation[0]),
    )
    made.weight.data, made.bias.data = weight[:, :, None], bias  # type: ignore[union-attr]
    return made.requires_grad_(False)


def _is_plain(dconv: Any) -> bool:
    """Whether each branch is what is written here: no attention, no LSTM, norms of one group."""
    return isinstance(dconv, DConv) and all(
        len(layer) == len(_PLAIN)
        and all(isinstance(module, kind) for module, kind in zip(layer, _PLAIN, strict=True))
        and layer[1].num_groups == layer[4].num_groups == 1
        and layer[0].stride == layer[3].stride == (1,)
        for layer in dconv.layers
    )
