"""Has a loaded model begin a piece, so that settings which do not fit its weights are found out at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chassis.models.trial import blaming
from services.generation.contract import Order

if TYPE_CHECKING:
    import torch

    from chassis.models import InstalledModel
    from services.generation.contract import Generator

_STEPS = 2
"""The first reads what is there already, the second what the first made; of a large model each takes seconds."""


class _EnoughError(Exception):
    """The steps that were wanted are made."""


def try_out(installed: InstalledModel, engine: Generator, device: torch.device) -> None:
    """Has an engine go on from a clip of quiet noise for two steps, by a prompt, and along a tune where it can.

    Raises:
        AntiphonError: as :func:`chassis.models.trial.blaming`; MODEL_NOT_FINITE.
    """
    samples = round(engine.min_clip_seconds * engine.sample_rate)
    noise = np.random.default_rng(0).normal(0, 0.01, (engine.channels, samples)).astype(np.float32)
    with blaming(installed, device):
        _begin(engine, Order(("piano",), (0,), 0.0, engine.sampling, continuation=noise))
        if engine.follows_melody:
            _begin(engine, Order(("piano",), (0,), 0.0, engine.sampling, melody=noise))


def _begin(engine: Generator, order: Order) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps > _STEPS:
            raise _EnoughError

    try:
        for _ in engine.generate(order, step):
            pass
    except _EnoughError:
        return
