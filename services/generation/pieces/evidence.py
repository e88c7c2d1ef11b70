"""Tells how the pieces of an order were made: the model, the parameters in force, the versions of all libraries."""

from __future__ import annotations

import importlib.metadata
from dataclasses import asdict
from typing import TYPE_CHECKING

from chassis.reports import WorkReport
from services.generation.contract import GenerationRequest, Generator, Order
from services.generation.settings import GenerationSettings

if TYPE_CHECKING:
    from chassis.models import InstalledModel

_READING_LIBRARIES = ("av", "soxr")
"""Distributions that decode and resample a clip, and resample the pieces, and so can change the numbers."""


def work_facts(
    model: InstalledModel,
    generator: Generator,
    request: GenerationRequest,
    order: Order,
    sample_rate: int,
    settings: GenerationSettings,
) -> WorkReport:
    """Tells how an answer was computed.

    Args:
        model: What was loaded.
        generator: Its engine.
        request: What was asked for.
        order: What was made of it, drawn seeds and the model's defaults filled in.
        sample_rate: Rate of the pieces (Hz).
        settings: The service's.
    """
    versions = {library: importlib.metadata.version(library) for library in _READING_LIBRARIES}
    return WorkReport(
        engine=model.model.engine,
        model=model.report(),
        device=generator.device,
        precision=generator.precision,
        library_versions={**versions, **generator.library_versions},
        parameters={
            **generator.parameters,
            **{key: f"{value:g}" for key, value in asdict(order.sampling).items()},
            "audio_role": request.audio_role,
            "duration": f"{order.seconds:g}",
            "encoding": request.encoding.name,
            **request.encoding.given(),
            "include_clip": str(order.include_clip).lower(),
            "model": model.name,
            "negative_prompt": order.negative_prompt,
            "pieces": str(len(order.prompts)),
            "sample_rate": str(sample_rate),
            "thread_count": str(settings.thread_count),
        },
        seed=order.seeds[0],
    )
