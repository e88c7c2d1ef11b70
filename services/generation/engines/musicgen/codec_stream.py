"""EnCodec's decoder as a stream: every layer keeps what it needs of the past, so nothing is decoded twice.

The samples equal those of one decode of all codes, to float rounding, however the codes are cut: convolutions keep
their last inputs, transposed convolutions their unfinished outputs, the LSTM its state. The decoder of the 32 kHz model
is not causal; each convolution waits for the inputs to its right, which together hold about 0.1 s back.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import nn
from transformers.models.encodec.modeling_encodec import (
    EncodecConv1d,
    EncodecConvTranspose1d,
    EncodecLSTM,
    EncodecModel,
    EncodecResnetBlock,
)


class StreamingDecoder:
    """Decodes codes that come in parts.

    Args:
        codec: The model whose decoder and codebooks are used; not changed.

    Raises:
        ValueError: its decoder has a layer that cannot be streamed.
    """

    def __init__(self, codec: EncodecModel) -> None:
        self._codec = codec
        self._layers = _Chain(codec.decoder.layers)

    def push(self, codes: torch.Tensor, *, last: bool = False) -> torch.Tensor:
        """Takes the next frames, returns the samples that are final.

        Args:
            codes: int64, ``(rows, codebooks, frames)``; frames may be 0.
            last: Whether nothing follows; then the rest comes out.

        Returns:
            float32, ``(rows, n)``; after the last part as many as frames times the codec's hop.
        """
        return self._layers.push(self._codec.quantizer.decode(codes.transpose(0, 1)), last)[:, 0].float()


class _Part(Protocol):
    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        """Takes ``(rows, channels, n)``, returns what is final of the output."""


class _Chain:
    def __init__(self, layers: nn.ModuleList) -> None:
        self._parts = [_part(layer) for layer in layers]

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        for part in self._parts:
            x = part.push(x, last)
        return x


class _Convolution:
    """Stride 1, padded at both ends of the whole as the layer pads."""

    def __init__(self, layer: EncodecConv1d) -> None:
        if layer.norm_type != "weight_norm" or int(layer.stride) != 1:
            raise ValueError(f"a convolution with {layer.norm_type} and stride {int(layer.stride)} cannot be streamed")
        total = int(layer.padding_total)
        self._right = 0 if layer.causal else total // 2
        self._left = total - self._right
        self._layer = layer
        self._held: torch.Tensor | None = None
        self._begun = False

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        if not self._left and x.shape[-1]:
            return self._layer.conv(x)
        held = x if self._held is None else torch.cat([self._held, x], -1)
        # Padded only where the whole begins and ends; between two parts the held inputs stand where padding would.
        left = right = 0
        # A reflection of the beginning needs one sample more than it gives.
        if not self._begun and (last or held.shape[-1] > self._left):
            self._begun, left = True, self._left
        if last:
            right = self._right
        if left or right:
            held = self._layer._pad1d(held, (left, right), mode=self._layer.pad_mode)
        if not self._begun or held.shape[-1] <= self._left + self._right:
            self._held = held
            return x.new_zeros(x.shape[0], self._layer.conv.out_channels, 0)
        self._held = held[..., held.shape[-1] - self._left - self._right :]
        return self._layer.conv(held)


class _Upsampling:
    """A transposed convolution: each part's outputs reach over its end and are added to the next part's."""

    def __init__(self, layer: EncodecConvTranspose1d) -> None:
        if layer.norm_type != "weight_norm":
            raise ValueError(f"a transposed convolution with {layer.norm_type} cannot be streamed")
        self._conv = layer.conv
        self._stride = layer.conv.stride[0]
        total = layer.conv.kernel_size[0] - self._stride
        self._trim_end = round(total * layer.trim_right_ratio) if layer.causal else total // 2
        self._trim_start = total - self._trim_end
        self._overhang = total
        self._tail: torch.Tensor | None = None

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        # Where two parts overlap their outputs are added, and each would bring the bias: the tail is kept without it.
        bias = self._conv.bias[:, None]
        if x.shape[-1] == 0:
            whole = x.new_zeros(x.shape[0], self._conv.out_channels, self._overhang) + bias
            if self._tail is None or not last:
                return whole[..., :0]
        else:
            whole = self._conv(x)
        if self._tail is not None:
            whole[..., : self._overhang] += self._tail
        final = x.shape[-1] * self._stride
        self._tail = whole[..., final:] - bias
        end = whole.shape[-1] - self._trim_end if last else final
        start, self._trim_start = min(self._trim_start, end), self._trim_start - min(self._trim_start, end)
        return whole[..., start:end]


class _Residual:
    """A block beside a shortcut; the shortcut waits for the block, whose convolutions hold samples back."""

    def __init__(self, layer: EncodecResnetBlock) -> None:
        self._block = _Chain(layer.block)
        self._shortcut = _part(layer.shortcut)
        self._waiting: torch.Tensor | None = None

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        beside = self._shortcut.push(x, last)
        if self._waiting is not None and self._waiting.shape[-1]:
            beside = torch.cat([self._waiting, beside], -1)
        y = self._block.push(x, last)
        self._waiting = beside[..., y.shape[-1] :]
        return beside[..., : y.shape[-1]] + y


class _Recurrent:
    def __init__(self, layer: EncodecLSTM) -> None:
        self._lstm = layer.lstm
        self._state: tuple[torch.Tensor, torch.Tensor] | None = None

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        if x.shape[-1] == 0:
            return x
        steps = x.permute(2, 0, 1)
        y, self._state = self._lstm(steps, self._state)
        return (y + steps).permute(1, 2, 0)


class _Pointwise:
    def __init__(self, layer: nn.Module) -> None:
        self._layer = layer

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        return self._layer(x)


def _part(layer: nn.Module) -> _Part:
    if isinstance(layer, EncodecConv1d):
        return _Convolution(layer)
    if isinstance(layer, EncodecConvTranspose1d):
        return _Upsampling(layer)
    if isinstance(layer, EncodecResnetBlock):
        return _Residual(layer)
    if isinstance(layer, EncodecLSTM):
        return _Recurrent(layer)
    if isinstance(layer, nn.ELU | nn.Identity):
        return _Pointwise(layer)
    raise ValueError(f"a layer of type {type(layer).__name__} cannot be streamed")
