"""The residual branches of HTDemucs' layers over all frequencies at once, for graphs.

demucs moves the frequencies of a layer into the batch, ``(frequencies, channels, frames)``, for one-dimensional
convolutions, and back: four copies of the largest tensors there are. The same sums as two-dimensional convolutions of
height one leave everything where it is. The gated half of each branch, which demucs cuts in two, comes of two
convolutions instead, and what the norm between them would measure is measured on their small input. Nothing differs but
rounding.
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


@contextlib.contextmanager
def flattened(network: Any) -> Iterator[None]:
    """Within the block the layers of a network's spectral branch compute their residuals flat, where they can; and what
    their last convolutions make beyond the edges, which demucs cuts off, is not made."""
    whole = [layer for layer in network.decoder if type(layer) is HDecLayer]
    undo, padded = [], [(layer, layer.pad) for layer in whole if layer.freq and layer.pad]
    for layer, pad in padded:
        layer.conv_tr.padding, layer.pad = (pad, 0), 0
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
        for layer, pad in padded:
            layer.conv_tr.padding, layer.pad = (0, 0), pad


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
    """One branch: narrow convolution, norm, activation, wide convolution, norm, gate, scale.

    The second norm is known before the wide convolution is computed: what that makes of ``h`` is ``W h + b``, so its
    mean and deviation follow from ``h``, which has a sixteenth of the channels. Normalised, scaled and shifted, it is a
    convolution of ``h``, one and the mean, all over the deviation. So nothing large is gone through to be measured, and
    none is kept beside its normalised self.
    """

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
        self._narrow, self._activation = _flat(narrow.weight.data, narrow.bias, narrow), activation
        self._first = _Norm(first_norm)
        weight, bias, half = wide.weight.data, wide.bias.data[:, None, None], wide.out_channels // 2
        # Of W = Q R with orthogonal Q, R h is as long as W h: a sum of squares of few channels stands for one of many.
        spread = torch.linalg.qr(weight[:, :, 0].double()).R.to(weight.dtype)
        self._centre, self._spread = _flat(weight, wide.bias), _flat(spread[:, :, None])
        self._channels, self._floor = wide.out_channels, second_norm.eps
        factor, shift = second_norm.weight.data.clone(), second_norm.bias.data.clone()
        for each in factor, shift:
            each[:half] *= scale.scale.data  # the other half goes into the gate as it is
        weight = torch.cat([weight, bias, -torch.ones_like(bias)], dim=1) * factor[:, None, None]
        self._kept, self._gate = _flat(weight[:half], shift[:half]), _flat(weight[half:], shift[half:])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self._activation(self._first(self._narrow(x)))
        middle = hidden.mean(-1, keepdim=True)
        centres = self._centre(middle)  # of each channel and frequency, over the frames
        mean = centres.mean(1, keepdim=True)
        within = self._spread(hidden - middle).square().mean(-1, keepdim=True).sum(1, keepdim=True) / self._channels
        between = (centres - mean).square().mean(1, keepdim=True)
        one = torch.ones_like(hidden[:, :1])
        normal = torch.cat([hidden, one, mean * one], dim=1) * torch.rsqrt(within + between + self._floor)
        return self._kept(normal) * torch.sigmoid(self._gate(normal))


class _Norm:
    """Group norm of one group, of channels and frames together, for each frequency."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        self._weight, self._bias, self._floor = norm.weight.data, norm.bias.data, norm.eps

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        x = x - x.mean((1, 3), keepdim=True)
        factor = torch.rsqrt((x * x).mean((1, 3), keepdim=True) + self._floor)
        return x * factor * self._weight[:, None, None] + self._bias[:, None, None]


def _flat(weight: torch.Tensor, bias: torch.Tensor | None = None, like: nn.Conv1d | None = None) -> nn.Conv2d:
    """A convolution along the frames by ``(to, from, frames)``; with the padding and dilation of another."""
    made = nn.Conv2d(
        weight.shape[1],
        weight.shape[0],
        (1, weight.shape[2]),
        padding=(0, int(like.padding[0]) if like else 0),
        dilation=(1, like.dilation[0] if like else 1),
        bias=bias is not None,
    )
    made.weight.data = weight[:, :, None]
    if bias is not None:
        made.bias.data = bias.data
    return made.requires_grad_(False)


def _is_plain(dconv: Any) -> bool:
    """Whether each branch is what is written here: no attention, no LSTM, norms of one group."""
    return isinstance(dconv, DConv) and all(
        len(layer) == len(_PLAIN)
        and all(isinstance(module, kind) for module, kind in zip(layer, _PLAIN, strict=True))
        and layer[1].num_groups == layer[4].num_groups == 1
        and layer[0].stride == layer[3].stride == layer[3].kernel_size == (1,)
        for layer in dconv.layers
    )
