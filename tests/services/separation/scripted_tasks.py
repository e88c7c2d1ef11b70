"""Tasks as the worker hands them over, and what comes back of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chassis.audio import RawPcm, Source
from services.separation.contract import StemBlock, Summary


@dataclass
class ScriptedTask:
    """A task as the worker hands it over, with a checkpoint of the test's choosing."""

    source: Source
    stop: Callable[[], None] = lambda: None

    def checkpoint(self) -> None:
        self.stop()


def clip_of(
    folder: Path, samples: np.ndarray, rate: int = 44_100, stop: Callable[[], None] = lambda: None, **range_: float
) -> ScriptedTask:
    """A task of samples ``(channels, samples)``, written into ``folder``."""
    path = folder / "clip.f32"
    path.write_bytes(samples.T.astype("<f4").tobytes())
    return ScriptedTask(Source(path, raw=RawPcm("f32le", rate, samples.shape[0]), **range_), stop)


def stems_of(events: list[Any]) -> dict[str, bytes]:
    """The bytes of each stem, put together, and patched where the separation has ended."""
    found: dict[str, bytearray] = {}
    for event in events:
        if isinstance(event, StemBlock):
            found.setdefault(event.stem, bytearray()).extend(event.data)
        elif isinstance(event, Summary):
            for stem in event.stems:
                for patch in stem.patches:
                    found[stem.name][patch.offset : patch.offset + len(patch.data)] = patch.data
    return {stem: bytes(data) for stem, data in found.items()}


def samples_of(data: bytes) -> np.ndarray:
    """float32 PCM as ``(2, samples)``."""
    return np.frombuffer(data, "<f4").reshape(-1, 2).T
