"""Puts an order together of a request that was checked: a seed for each piece, the clip as the model hears it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from services.generation.contract import MELODY, SEEDS, GenerationRequest, Generator, Order
from services.generation.order.checks import check_heard
from services.generation.order.clip import beginning, end
from services.generation.settings import GenerationSettings

if TYPE_CHECKING:
    from chassis.audio import Source

_DRAWN_SEEDS = 1 << 31
"""Seeds are drawn below this number."""


def place_order(
    request: GenerationRequest, source: Source | None, generator: Generator, settings: GenerationSettings
) -> Order:
    """Says what the model is to make.

    Args:
        request: What was asked for, checked.
        source: The uploaded clip; None where there is none.
        generator: The model.
        settings: How much it hears of a clip to continue.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``CLIP_TOO_SHORT``, and what is wrong with the clip.
    """
    prompts = tuple(each for each in request.prompts or ("",) for _ in range(request.pieces_per_prompt))
    first = secrets.randbelow(_DRAWN_SEEDS) if request.seed is None else request.seed
    order = Order(
        prompts=prompts,
        seeds=tuple((first + piece) % SEEDS for piece in range(len(prompts))),
        seconds=request.seconds,
        sampling=replace(generator.sampling, **request.sampling),  # type: ignore[arg-type]
        negative_prompt=request.negative_prompt,
    )
    if source is None:
        return order

    rate, channels = generator.sample_rate, generator.channels
    if request.audio_role == MELODY:
        # A tune longer than the piece is not heard to its end.
        return replace(order, melody=beginning(source, rate, channels, round(request.seconds * rate)))
    heard = end(source, rate, channels, round(settings.context_seconds * rate))
    check_heard(heard.shape[1], generator)
    return replace(order, continuation=heard, include_clip=request.include_clip)
