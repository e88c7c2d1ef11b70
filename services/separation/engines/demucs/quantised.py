"""Unpacks weights that were quantised by DiffQ (Défossez, Adi and Synnaeve, 2021), as demucs' ``_q`` models are.

A large parameter is cut into groups of ``group_size`` entries. Each group has its number of bits; an entry is a level,
0 to 2**bits - 1, between the least and the largest entry of the parameter. The levels of all groups with as many bits
are packed together, plane by plane: in ``(lines, bits, block)`` words of 64 bits, bit ``i`` of word ``(line, b, j)`` is
bit ``b`` of the level at ``(line * 64 + i) * block + j``. The numbers of bits are packed the same way. Small parameters
are kept as they are. The order is that of the network's modules and their own parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

QUANTIZER = "diffq.diffq.DiffQuantizer"
"""The quantiser that a checkpoint may name; it is never imported."""

MOST_BITS = 14
_WORD_BITS = 64


class QuantisedError(ValueError):
    """The state is not what DiffQ packs for the network."""


def unpacked(network: torch.nn.Module, state: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Unpacks the weights of a network, float32 by name.

    Args:
        network: Of the state's class and arguments; its own weights are overwritten.
        state: ``quantized``, ``float16``, ``others`` and ``meta`` as DiffQ gives them.

    Raises:
        QuantisedError: the state is no packed state of that network.
    """
    try:
        meta = state["meta"]
        arguments: Mapping[str, Any] = meta["init_kwargs"]
        if getattr(meta["klass"], "full_name", None) != QUANTIZER:
            raise QuantisedError(f"it was quantised by {meta['klass']!r}; only {QUANTIZER} is read")
        if not meta["packed"] or meta.get("torch_pack") or arguments.get("exclude") or arguments.get("float16"):
            raise QuantisedError("it is not packed bit by bit, or leaves parameters out, which no published model does")
        group, fewest = int(arguments.get("group_size", 1)), int(arguments.get("min_bits", 2))
        small, large = _parted(network, float(arguments.get("min_size", 0.01)))
        _fill(small, state["others"])
        _fill(large, (_levels(each, len(parameter), group, fewest) for parameter, each in _pairs(large, state)))
    except (LookupError, TypeError, AttributeError) as error:
        raise QuantisedError(f"its state is no packed state ({type(error).__name__}: {error})") from error
    return {name: tensor.detach().float().contiguous() for name, tensor in network.state_dict().items()}


def _parted(network: torch.nn.Module, min_size: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The small parameters and the large ones, each once, flat, as views."""
    small: list[torch.Tensor] = []
    large: list[torch.Tensor] = []
    seen: set[int] = set()
    for module in network.modules():
        for parameter in module.parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                (small if parameter.numel() <= min_size * 2**20 // 4 else large).append(parameter.data.view(-1))
    return small, large


def _pairs(large: Sequence[torch.Tensor], state: Mapping[str, Any]) -> Iterator[tuple[torch.Tensor, Any]]:
    if len(large) != len(state["quantized"]):
        raise QuantisedError(f"it holds {len(state['quantized'])} quantised parameters; the network has {len(large)}")
    return zip(large, state["quantized"], strict=True)


def _fill(parameters: Sequence[torch.Tensor], values: Any) -> None:
    values = list(values)
    if [each.numel() for each in parameters] != [each.numel() for each in values]:
        raise QuantisedError("its parameters are not as many, or not as large, as the network's")
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value.reshape(-1))


def _levels(packed: Any, count: int, group: int, fewest: int) -> torch.Tensor:
    """One parameter of ``count`` entries."""
    by_bits, (least, largest), packed_bits = packed
    groups = count // group if group else 1
    if group and count % group:
        raise QuantisedError(f"a parameter of {count} entries is not made of groups of {group}")
    bits = _words(packed_bits, groups) + fewest
    levels = torch.zeros(groups, count // groups, dtype=torch.int16)
    present = torch.unique(bits).tolist()
    if present[0] < 1 or present[-1] > min(MOST_BITS, len(by_bits)):
        raise QuantisedError(f"it has groups of {present[0]} to {present[-1]} bits; wanted 1 to {MOST_BITS}")
    for each in present:
        chosen = bits == each
        levels[chosen] = _words(by_bits[each - 1], int(chosen.sum()) * levels.shape[1]).view(-1, levels.shape[1])
    # In float32 and in this order, as the library does it.
    unit = 1 / (2 ** bits[:, None].float() - 1)
    return (levels.float() * unit) * (float(largest) - float(least)) + float(least)


def _words(packed: torch.Tensor, count: int) -> torch.Tensor:
    """The first ``count`` of the values packed, int16."""
    if packed.dtype != torch.int64 or packed.dim() != 3:
        raise QuantisedError(f"packed values come as {packed.dtype} in {packed.dim()} dimensions; wanted int64 in 3")
    planes = packed.numpy().view(np.uint64)
    lines, bits, block = planes.shape
    if lines * _WORD_BITS * block < count:
        raise QuantisedError(f"{lines * _WORD_BITS * block} values are packed where {count} are wanted")
    shifts = np.arange(_WORD_BITS, dtype=np.uint64)[None, :, None]
    values = np.zeros((lines, _WORD_BITS, block), np.int16)
    for bit in range(bits):
        values |= ((planes[:, bit, None, :] >> shifts) & np.uint64(1)).astype(np.int16) << bit
    return torch.from_numpy(values.reshape(-1)[:count])
