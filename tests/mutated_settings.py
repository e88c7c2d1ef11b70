"""Settings of checkpoints with one value changed at a time: such a checkpoint serves, or is refused by its reason."""

from __future__ import annotations

import json
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from antiphon_wire.errors import AntiphonError
from chassis.memory import peak_bytes, reset_peak, resident_bytes

REASONS = frozenset({"MODEL_UNREADABLE", "MODEL_INCOMPLETE", "MODEL_NOT_FINITE", "CHAT_TEMPLATE", "NO_CHAT_TEMPLATE"})
"""How a checkpoint that cannot be used is refused."""
VALUES: tuple[Any, ...] = (
    -1,
    0,
    1,
    7,
    4096,
    60_000,
    10**6,
    10**12,
    1.5,
    float("nan"),
    "x",
    None,
    [],
    {},
    True,
    "DELETE",
)
_LIMIT_BYTES = 6 << 30
MOST_BYTES = 1 << 30
"""What loading a tiny checkpoint may take, its libraries' own tables included."""


def put(found: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The settings with another value at a place; with none where the value is the word DELETE."""
    if not path:
        return value
    at = found
    for key in path[:-1]:
        at = at[key]
    if value == "DELETE":
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of some settings, by the keys that lead there; of a vocabulary and a list one stands for all."""
    yield path
    if isinstance(found, dict) and path[-1:] != ("vocab",):
        for key in found:
            yield from places(found[key], (*path, key))
    elif isinstance(found, list) and 0 < len(found) <= 20:
        yield from places(found[0], (*path, 0))


def mutate(whole: Path, folder: Path, count: int, serves: Callable[[Path], None]) -> None:
    """Changes one value of one JSON file so many times; holds that it serves, or is refused by one of REASONS.

    Args:
        whole: Folder of a checkpoint.
        folder: A folder to be made, which is changed.
        count: How many changes to try.
        serves: Loads the checkpoint in a folder and has it work.
    """
    draw = random.Random(0)
    shutil.copytree(whole, folder)
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    # As a worker has one: what asks for all the memory is refused, and does not take the machine.
    resource.setrlimit(resource.RLIMIT_DATA, (_LIMIT_BYTES, limits[1]))
    try:
        _mutate(whole, folder, count, serves, draw)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def _mutate(whole: Path, folder: Path, count: int, serves: Callable[[Path], None], draw: random.Random) -> None:
    resets = reset_peak()
    before = resident_bytes()
    for _ in range(count):
        path = draw.choice(sorted(whole.rglob("*.json"))).relative_to(whole)
        settings = json.loads((whole / path).read_text())
        place, value = draw.choice(list(places(settings))), draw.choice(VALUES)
        (folder / path).write_text(json.dumps(put(settings, place, value)))
        try:
            serves(folder)
        except AntiphonError as error:
            assert error.reason in REASONS, (path, place, value, error)
        except Exception as error:
            raise AssertionError((path, place, value)) from error
        assert not resets or peak_bytes() - before < MOST_BYTES, (path, place, value)
        (folder / path).write_bytes((whole / path).read_bytes())
