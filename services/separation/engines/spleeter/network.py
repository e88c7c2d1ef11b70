"""Spleeter's network: a U-Net from the magnitudes of a mix to the magnitudes of one stem.

Hennequin et al., "Spleeter: a fast and efficient music source separation tool", JOSS 2020, after Jansson et al.,
"Singing voice separation with deep U-Net convolutional networks", ISMIR 2017. The mathematics is theirs; the last two
steps on the way up are computed by an equal convolution that is faster on CPUs (see :class:`SubPixelDoubling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F

LEVELS = 6
NARROW = 16
"""Up convolutions with at most this many output channels run as :class:`SubPixelDoubling`."""


class Halving(nn.Conv2d):
    """A 5x5 convolution of stride 2 that halves both sides, padded as TensorFlow pads: one before, two after."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, kernel_size=5, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Turns ``(batch, inputs, height, width)`` into ``(batch, outputs, height / 2, width / 2)``."""
        return super().forward(F.pad(x, (1, 2, 1, 2)))


class Doubling(nn.ConvTranspose2d):
    """A 5x5 transposed convolution of stride 2 that doubles both sides, cropped as TensorFlow crops."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, kernel_size=5, stride=2)

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Turns ``(batch, inputs, height, width)`` into ``(batch, outputs, 2 height, 2 width)``."""
        return super().forward(x, output_size)[..., 1:-2, 1:-2]


class SubPixelDoubling(nn.Module):
    """Computes what a :class:`Doubling` does by one 3x3 convolution whose channels are laid out as pixels.

    An even output 2q of the cropped transposed convolution is ``w[3] x[q-1] + w[1] x[q]``, an odd one, 2q + 1, is
    ``w[4] x[q-1] + w[2] x[q] + w[0] x[q+1]``: per output four kernels of three by three taps, some zero. That is 36
    multiplications instead of 25, but torch has a fast CPU kernel for it.
    """

    _TAPS = ((3, 1, None), (4, 2, 0))

    def __init__(self, source: Doubling) -> None:
        super().__init__()
        weight = source.weight.detach()
        inputs, outputs = weight.shape[:2]
        kernel = weight.new_zeros(outputs, 2, 2, inputs, 3, 3)
        for row, row_taps in enumerate(self._TAPS):
            for column, column_taps in enumerate(self._TAPS):
                for y, row_tap in enumerate(row_taps):
                    for x, column_tap in enumerate(column_taps):
                        if row_tap is not None and column_tap is not None:
                            kernel[:, row, column, :, y, x] = weight[:, :, row_tap, column_tap].T
        bias = source.bias
        assert bias is not None, "made by Doubling, which has one"
        self.convolution = nn.Conv2d(inputs, 4 * outputs, kernel_size=3, padding=1)
        self.convolution.weight = nn.Parameter(kernel.reshape(4 * outputs, inputs, 3, 3), requires_grad=False)
        self.convolution.bias = nn.Parameter(bias.detach().repeat_interleave(4), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Turns ``(batch, inputs, height, width)`` into ``(batch, outputs, 2 height, 2 width)``."""
        return F.pixel_shuffle(self.convolution(x), 2)


class UNet(nn.Module):
    """Magnitudes of a mix, ``(batch, 2, frames, bins)``, to those of one stem, of that shape; both multiples of 64.

    Args:
        widths: Channels after each of the ``LEVELS`` halvings; Spleeter's are 16, 32, 64, 128, 256, 512.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        descending = list(reversed(widths[:-1]))
        self.down = nn.ModuleList(map(Halving, (2, *widths), widths))
        self.down_norm = nn.ModuleList(nn.BatchNorm2d(width, eps=1e-3) for width in widths)
        outputs = (*descending, 1)
        self.up = nn.ModuleList(map(Doubling, (widths[-1], *(2 * width for width in descending)), outputs))
        self.up_norm = nn.ModuleList(nn.BatchNorm2d(width, eps=1e-3) for width in outputs)
        self.mask = nn.Conv2d(1, 2, kernel_size=4, dilation=2, padding=3)

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        """Estimates a stem's magnitudes from the mix's."""
        skips, x = [], magnitude
        for halve, norm in zip(self.down, self.down_norm, strict=True):
            x = halve(x)
            skips.append(x)  # the way up sees it before norm and activation, and so does the bottleneck
            x = F.leaky_relu(norm(x), 0.2)
        x = skips.pop()
        for level, (double, norm) in enumerate(zip(self.up, self.up_norm, strict=True)):
            if level:
                x = torch.cat([skips.pop(), x], 1)
            x = norm(F.relu(double(x)))
        return torch.sigmoid(self.mask(x)) * magnitude


def build(tensors: Mapping[str, torch.Tensor]) -> UNet:
    """Makes a network of named weights, ready for inference; its widths are those of the weights.

    Args:
        tensors: float32, by names such as ``down.0.weight`` or ``up_norm.5.running_var``.

    Raises:
        ValueError: a tensor is missing, left over, of another shape than its neighbours ask for, or not float32.
    """
    firsts = [f"down.{level}.weight" for level in range(LEVELS)]
    if absent := [name for name in firsts if name not in tensors]:
        raise ValueError(f"{absent[0]} is missing")
    network = UNet([int(tensors[name].shape[0]) for name in firsts])
    state = network.state_dict()
    wanted = {name: state[name].shape for name in state if not name.endswith("num_batches_tracked")}
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors or name not in wanted:
            raise ValueError(f"{name} is {'missing' if name in wanted else 'not part of the network'}")
        if (tensors[name].shape, tensors[name].dtype) != (wanted[name], torch.float32):
            found = f"{tensors[name].dtype} {tuple(tensors[name].shape)}"
            raise ValueError(f"{name} is {found}; wanted torch.float32 {tuple(wanted[name])}")
    network.load_state_dict(dict(tensors), strict=False)  # strict but for the batch counters, which inference ignores
    for level, double in enumerate(network.up):
        if isinstance(double, Doubling) and double.out_channels <= NARROW:
            network.up[level] = SubPixelDoubling(double)
    ready: UNet = network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
    return ready
