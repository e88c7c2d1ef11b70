"""Signals of the EBU's loudness cases, and what the engine says of samples at any rate in any layout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.essentia.contract import AnalysisRequest, GroupFeatures, StoredFormat
from services.essentia.engines.features import Features
from tests.services.essentia.signals import Samples

RATE = 48000
Part = tuple[float | None, float]
"""Peak level (dBFS), None for silence, and length (s)."""


def tone(parts: Sequence[Part], rate: int = RATE, hertz: float = 1000.0) -> np.ndarray:
    """One tone that goes through parts of a level each, without a break of its phase."""
    gains = np.concatenate(
        [np.full(round(length * rate), 0.0 if level is None else 10 ** (level / 20)) for level, length in parts]
    )
    return np.asarray(gains * np.sin(2 * np.pi * hertz * np.arange(gains.size) / rate))


def stereo(parts: Sequence[Part], rate: int = RATE) -> Samples:
    """The same tone on both sides."""
    return np.stack([tone(parts, rate)] * 2).astype(np.float32)


def measured(
    samples: Samples, rate: int = RATE, layout: tuple[str, ...] | None = None, group: str = "loudness"
) -> dict[str, object]:
    """The values of a group, and the reasons of warnings under ``reasons``."""
    request = AnalysisRequest((group,), include_series=True)
    events = list(Features().analyze_blocks([samples.astype(np.float32)], request, form=StoredFormat(rate, layout)))
    found: dict[str, object] = {"reasons": [event.reason for event in events if hasattr(event, "reason")]}
    for event in events:
        if isinstance(event, GroupFeatures):
            found.update(event.values)
    return found
