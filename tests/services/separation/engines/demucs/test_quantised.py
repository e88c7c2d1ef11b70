"""Checkpoints packed by DiffQ become the weights that the library itself would make of them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from chassis.models.converter import ConversionError
from services.separation.conversion import demucs
from services.separation.engines.demucs import weights
from standins import tiny_demucs

GROUP, FEWEST, BLOCK = 8, 2, 32
SMALL = 0.01 * 2**20 // 4
"""Most entries of a parameter that is left as it is, with the library's own least size of 0.01 MB."""


@pytest.fixture
def quantizer(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class by the library's name, so that a checkpoint can name it; the library is not installed."""
    module = ModuleType("diffq.diffq")
    made = type("DiffQuantizer", (), {"__module__": "diffq.diffq"})
    module.DiffQuantizer = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "diffq", ModuleType("diffq"))
    monkeypatch.setitem(sys.modules, "diffq.diffq", module)
    return made


def packed(values: np.ndarray, bits: int) -> torch.Tensor:
    """Bit ``i`` of word (line, bit, index) is that bit of the value at ``(line * 64 + i) * BLOCK + index``."""
    lines = -(-len(values) // (64 * BLOCK))
    words = np.zeros((lines, bits, BLOCK), np.uint64)
    for position, value in enumerate(values.tolist()):
        row, index = divmod(position, BLOCK)
        line, place = divmod(row, 64)
        for bit in range(bits):
            words[line, bit, index] |= np.uint64((value >> bit & 1) << place)
    return torch.from_numpy(words.view(np.int64))


def quantised(flat: np.ndarray, random: np.random.Generator) -> tuple[Any, np.ndarray]:
    """A parameter as the library packs it, and what it is worth then."""
    bits = random.integers(FEWEST, 15, len(flat) // GROUP)
    least, largest = float(flat.min()), float(flat.max())
    steps = (2.0**bits - 1)[:, None]
    levels = np.round((flat.reshape(-1, GROUP).astype(np.float64) - least) / (largest - least) * steps).astype(np.int64)
    groups = [levels[bits == each].reshape(-1) for each in range(1, 15)]
    by_bits = [packed(group, each) if len(group) else None for each, group in enumerate(groups, 1)]
    worth = levels / steps * (largest - least) + least
    return (by_bits, (least, largest), packed(bits - FEWEST, 4)), worth.reshape(-1)


def checkpoint(path: Path, network: Any, quantizer: type, **changes: Any) -> dict[str, np.ndarray]:
    """Writes a packed checkpoint of the network; returns the weights it stands for."""
    random = np.random.default_rng(3)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    worth, large, small = {}, [], []
    for module in network.modules():
        for parameter in module.parameters(recurse=False):
            flat = parameter.detach().numpy().reshape(-1)
            if flat.size <= SMALL:
                small.append(parameter.detach().clone())
                worth[names[id(parameter)]] = flat
            else:
                each, worth[names[id(parameter)]] = quantised(flat, random)
                large.append(each)
    assert large, "a network of small parameters alone would test nothing"
    meta = {"init_kwargs": {"min_size": 0.01, "group_size": GROUP}, "klass": quantizer, "packed": True}
    state = {"quantized": large, "float16": [], "others": small, "meta": meta, "__quantized": True}
    state.update({name: value for name, value in changes.items() if name in state})
    meta.update({name: value for name, value in changes.items() if name not in state})
    args, kwargs = network._init_args_kwargs
    torch.save({"klass": type(network), "args": args, "kwargs": kwargs, "state": state}, path)
    return worth


@pytest.mark.parametrize("kind", ["htdemucs", "demucs"])
def test_every_level_of_every_group_is_put_back_in_its_place(tmp_path: Path, quantizer: type, kind: str) -> None:
    network = tiny_demucs.network(kind)
    worth = checkpoint(tmp_path / "network.th", network, quantizer)
    demucs(tmp_path / "out.safetensors", tmp_path / "network.th")
    read = dict(weights.load(tmp_path / "out.safetensors").named_parameters())
    assert read.keys() == worth.keys()
    for name, values in worth.items():
        # Levels are worked out in float32; a level of the coarsest groups is a third of the range.
        np.testing.assert_allclose(read[name].detach().numpy().reshape(-1), values, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"packed": False}, "not packed"),
        ({"init_kwargs": {"group_size": 7}}, "groups of 7|quantised parameters"),
        ({"init_kwargs": {"min_size": 1e-6}}, "not as many|quantised parameters"),
        ({"quantized": []}, "0 quantised parameters"),
        ({"others": []}, "not as many"),
        ({"klass": "diffq.uniform.UniformQuantizer"}, "quantised by"),
        ({"meta": None}, "no packed state"),
    ],
)
def test_what_the_network_cannot_have_been_packed_into_is_refused(
    tmp_path: Path, quantizer: type, changes: dict[str, Any], complaint: str
) -> None:
    checkpoint(tmp_path / "network.th", tiny_demucs.network("htdemucs"), quantizer, **changes)
    with pytest.raises(ConversionError, match=complaint):
        demucs(tmp_path / "out", tmp_path / "network.th")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bits", [torch.zeros(1, 4, 32), torch.full((1, 4, 32), -1, dtype=torch.int64)])
def test_packed_values_of_another_form_or_too_many_bits_are_refused(
    tmp_path: Path, quantizer: type, bits: torch.Tensor
) -> None:
    network = tiny_demucs.network("htdemucs")
    checkpoint(tmp_path / "network.th", network, quantizer)
    package = torch.load(tmp_path / "network.th", weights_only=False)
    by_bits, scale, _ = package["state"]["quantized"][0]
    package["state"]["quantized"][0] = (by_bits, scale, bits)
    torch.save(package, tmp_path / "network.th")
    with pytest.raises(ConversionError, match=r"wanted int64|wanted 1 to 14|are wanted"):
        demucs(tmp_path / "out", tmp_path / "network.th")
