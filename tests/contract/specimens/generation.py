"""The engines of the generation family, each with a tiny model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.generation.contract import MELODY, GenerationRequest
from services.generation.settings import GenerationSettings
from tests.contract.signals import music
from tests.contract.specimen import SPECIMEN, Refusal, Specimen

# A window of 2 s, of which 0.5 s are carried on, so that a piece of 3 s has a join.
SETTINGS = GenerationSettings(device="cpu", default_model=SPECIMEN, window_seconds=2.0, context_seconds=0.5)
FRAMES_PER_SECOND = 50


def order(model: str) -> GenerationRequest:
    """A piece of 3 s with a seed."""
    return GenerationRequest(model, ("warm piano",), seconds=3.0, seed=3)


def musicgen(folder: Path) -> Mapping[str, bytes]:
    """A mono MusicGen in the format of transformers."""
    from standins import tiny_musicgen

    return tiny_musicgen.save("mono", folder)


def audiocraft(folder: Path) -> Mapping[str, bytes]:
    """A mono MusicGen of audiocraft, converted."""
    from standins import tiny_audiocraft

    return tiny_audiocraft.files(folder, "music", "musicgen")


def asked(**changes: Any) -> GenerationRequest:
    """The order with other fields."""
    return replace(order(SPECIMEN), **changes)


REFUSALS = (
    Refusal("INVALID_ARGUMENT", "DURATION_OUT_OF_RANGE", lambda: asked(seconds=601.0)),
    Refusal("INVALID_ARGUMENT", "PROMPT_TOO_LONG", lambda: asked(prompts=("piano " * 300,))),
    Refusal("INVALID_ARGUMENT", "AUDIO_UNEXPECTED", samples=music(1, channels=1)),
    Refusal("INVALID_ARGUMENT", "MELODY_UNSUPPORTED", lambda: asked(audio_role=MELODY), samples=music(1, channels=1)),
)
"""What neither tiny model can do: both are without a melody's ear."""

SPECIMENS = {
    "musicgen": Specimen(
        libraries=("numpy", "torch", "transformers"),
        settings=SETTINGS,
        verb="generate",
        ask=order,
        files=musicgen,
        checkpoints=3 * FRAMES_PER_SECOND,  # a step of the model makes a frame
        unreadable="MODEL_UNREADABLE",
        refusals=REFUSALS,
        sampled=lambda: asked(seed=None),
        seeded=lambda request, seed: replace(request, seed=seed),
    ),
    "audiocraft": Specimen(
        libraries=("audiocraft", "numpy", "safetensors", "torch", "transformers"),
        settings=replace(SETTINGS, engine="audiocraft"),
        verb="generate",
        ask=order,
        files=audiocraft,
        checkpoints=3 * FRAMES_PER_SECOND,  # likewise
        unreadable="MODEL_UNREADABLE",
        refusals=(
            *REFUSALS,
            Refusal("INVALID_ARGUMENT", "NEGATIVE_PROMPT", lambda: asked(negative_prompt="drums")),
            Refusal("FAILED_PRECONDITION", "PRECISION_NOT_AVAILABLE", settings={"precision": "bfloat16"}),
        ),
        sampled=lambda: asked(seed=None),
        seeded=lambda request, seed: replace(request, seed=seed),
    ),
}
