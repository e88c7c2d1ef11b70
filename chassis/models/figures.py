"""Holds the numbers in a checkpoint's settings against its weights, before anything is built by them."""

from __future__ import annotations

import json
import os
import resource
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from antiphon_wire.errors import AntiphonError
from chassis import torch_device
from chassis.models import InstalledModel
from services.llm_audio.on_transformers.refusal import unreadable

LEAST = 1 << 16
"""Numbers up to this one are let pass whatever the weights are: windows, rates, and counts of frames."""
MOST = 1 << 31
"""Positions, and constants of rotary embeddings, are no sizes of weights, and may be up to this number."""
MOST_OF_A_PROCESSOR = 1 << 20
"""What a feature extractor counts is samples of half a minute at most."""
_HEAD_BYTES = 64 << 20
_NO_SIZES = ("position", "rope", "theta", "clip")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_WEIGHTS_COPIES, _ALWAYS_BYTES = 8, 1 << 30


def check_figures(installed: InstalledModel) -> None:
    """Refuses settings that name sizes which the weights do not have, such as a million of layers.

    Raises:
        AntiphonError: MODEL_UNREADABLE.
    """
    try:
        shapes = [shape for path in weights(installed) for shape in _shapes(path)]
    except (OSError, ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
        raise unreadable(installed, f"the head of its weights cannot be read ({error!r})") from error
    widest = max((size for shape in shapes for size in shape), default=0)
    for name, number in _numbers(_read(installed, "config.json")):
        if any(word in name for word in _NO_SIZES):
            limit = MOST
        else:
            limit = len(shapes) if name.endswith("layers") else max(LEAST, widest)
        if number > limit:
            raise unreadable(installed, f"{name} of its config.json is {number}, and its weights allow {limit}")
    for file in _PROCESSORS:
        for name, number in _numbers(_read(installed, file)):
            if number > MOST_OF_A_PROCESSOR:
                raise unreadable(installed, f"{name} of its {file} is {number}; wanted {MOST_OF_A_PROCESSOR} at most")


def ought_to_fit(installed: InstalledModel, device: torch.device | None) -> bool:
    """Whether weights of this size cannot be what used the memory up: then its settings ask for too much."""
    if device is not None and device.type == "cuda":
        room = torch.cuda.get_device_properties(device).total_memory
    else:
        limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
        room = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        room = room if limit == resource.RLIM_INFINITY else min(room, limit)
    needed = sum(path.stat().st_size for path in weights(installed)) * _WEIGHTS_COPIES + _ALWAYS_BYTES
    return bool(needed < room)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, as Python, numpy, torch or one of our own modules says it."""
    if isinstance(error, AntiphonError):
        return error.reason == "OUT_OF_MEMORY"
    return isinstance(error, MemoryError) or torch_device.is_out_of_memory(error)


def weights(installed: InstalledModel) -> list[Path]:
    """The files of weights."""
    return sorted(installed.directory.glob("*.safetensors"))


def _shapes(path: Path) -> Iterator[list[int]]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _HEAD_BYTES:
            raise ValueError(f"{path.name} says that its head has {length} bytes")
        head = json.loads(file.read(length))
    for name, tensor in head.items():
        if name != "__metadata__":
            yield [int(size) for size in tensor["shape"]]


def _read(installed: InstalledModel, name: str) -> Any:
    try:
        return json.loads((installed.directory / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}  # whether it is needed is for what reads it
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(installed, f"its {name} cannot be read ({error!r})") from error


def _numbers(found: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Whole numbers with the names that they stand under."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _numbers(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from _numbers(value, name)
    elif isinstance(found, int) and not isinstance(found, bool):
        yield name, found
