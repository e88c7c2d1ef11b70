"""Holds the numbers in a checkpoint's settings against its weights, before anything is built by them."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.models.plain_file import read_plain
from chassis.models.refusal import unreadable
from chassis.models.store import InstalledModel

LEAST = 1 << 16
"""Numbers up to this one are let pass whatever the weights are: windows, rates, and counts of frames."""
MOST = 1 << 31
"""Positions, and constants of rotary embeddings, are no sizes of weights, and may be up to this number."""
MOST_OF_A_PROCESSOR = 1 << 20
"""What a feature extractor counts is samples of half a minute at most."""
_HEAD_BYTES, _SETTINGS_BYTES = 64 << 20, 4 << 20
_NO_SIZES = ("position", "rope", "theta", "clip")
_LAYERS = ("layers", "layer", "depth", "codebooks", "n_q")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class Weights:
    """What the heads of files of weights say.

    Attributes:
        shapes: Shape of each tensor, by name; the files are told apart no more.
    """

    shapes: dict[str, tuple[int, ...]]

    @property
    def widest(self) -> int:
        """The largest size of any tensor; 0 where there is none."""
        return max((size for shape in self.shapes.values() for size in shape), default=0)


def check_figures(
    installed: InstalledModel,
    settings: Iterable[str] = ("config.json",),
    no_sizes: tuple[str, ...] = _NO_SIZES,
    least: int = LEAST,
    parts: tuple[str, ...] = (),
) -> Weights:
    """Refuses settings that name sizes which the weights do not have, such as a million of layers, or no numbers.

    Args:
        installed: The checkpoint: JSON files, and safetensors.
        settings: Names of the files whose numbers are sizes of weights.
        no_sizes: Parts of names whose numbers are none, and may be up to MOST.
        least: Up to this one, numbers are let pass whatever the weights are.
        parts: Names at the top of those files under which the sizes stand, where other things stand beside them.

    Returns:
        What the heads of its weights say.

    Raises:
        AntiphonError: MODEL_UNREADABLE.
    """
    found = heads(installed)
    most = max(least, found.widest)

    def limit(name: str) -> int:
        if any(word in name for word in no_sizes):
            return MOST
        return len(found.shapes) if name.endswith(_LAYERS) else most

    for file in settings:
        _check(installed, file, limit, parts)
    for file in _PROCESSORS:
        _check(installed, file, lambda _: MOST_OF_A_PROCESSOR)
    return found


def heads(installed: InstalledModel) -> Weights:
    """Reads the heads of a checkpoint's safetensors.

    Raises:
        AntiphonError: MODEL_UNREADABLE.
    """
    try:
        return Weights({name: shape for path in weights(installed) for name, shape in _shapes(path)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise unreadable(installed, f"the head of its weights cannot be read ({error!r})") from error


def weights(installed: InstalledModel) -> list[Path]:
    """The files of weights, those in folders of the model included."""
    return sorted(installed.directory.rglob("*.safetensors"))


def read_settings(installed: InstalledModel, name: str) -> Any:
    """Reads a JSON file of a checkpoint; gives an empty object where there is none.

    Raises:
        AntiphonError: MODEL_UNREADABLE, also for numbers that are none.
    """
    try:
        return json.loads(read_plain(installed.directory / name, _SETTINGS_BYTES), parse_constant=_no_number)
    except FileNotFoundError:
        return {}  # whether it is needed is for what reads it
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(installed, f"its {name} cannot be read ({error!r})") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number that a setting can have")


def _shapes(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _HEAD_BYTES:
            raise ValueError(f"{path.name} says that its head has {length} bytes")
        head = json.loads(file.read(length))
    for name, tensor in head.items():
        if name != "__metadata__":
            yield name, tuple(int(size) for size in tensor["shape"])


def _check(installed: InstalledModel, file: str, limit: Callable[[str], int], parts: tuple[str, ...] = ()) -> None:
    found = read_settings(installed, file)
    if parts and isinstance(found, dict):
        found = {name: found[name] for name in parts if name in found}
    for name, number in _numbers(found):
        if not -MOST <= number <= (allowed := limit(name)):
            raise unreadable(installed, f"{name} of its {file} is {number}, and its weights allow {allowed}")


def _numbers(found: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Numbers with the names that they stand under; infinite where a float cannot hold them."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _numbers(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from _numbers(value, name)
    elif isinstance(found, float):
        if not math.isfinite(found):
            yield name, found
    elif isinstance(found, int) and not isinstance(found, bool):
        yield name, found
