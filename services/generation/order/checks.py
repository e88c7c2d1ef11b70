"""Everything that a generation is refused for: what no model can do, and what the chosen one cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from antiphon_wire.errors import invalid
from services.generation.contract import MELODY, SEEDS, GenerationRequest, Generator, Sampling
from services.generation.settings import GenerationSettings

if TYPE_CHECKING:
    from chassis.audio import Source

MAX_PROMPT_CHARACTERS = 10_000
MIN_SECONDS = 0.2
"""Shortest piece (s)."""
LEAST_TEMPERATURE = 1e-6
"""Least temperature above 0."""


def check_request(request: GenerationRequest, limits: GenerationSettings) -> None:
    """Refuses what no model of this service can do.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``PROMPT_EMPTY``, ``NEGATIVE_PROMPT``, ``TOO_MANY_PIECES``,
            ``DURATION_OUT_OF_RANGE``, ``TOTAL_DURATION``, ``SAMPLING_OUT_OF_RANGE``, ``SEED_OUT_OF_RANGE``,
            ``SAMPLE_RATE_OUT_OF_RANGE``.
    """
    sampling = replace(Sampling(), **request.sampling)  # type: ignore[arg-type]
    _check_prompts(request, sampling.guidance_scale)
    _check_amount(request, limits)
    _check_sampling(sampling)
    if request.seed is not None:
        _within("config.seed", "SEED_OUT_OF_RANGE", request.seed, 0, SEEDS - 1)
    if request.sample_rate is not None:
        field = "config.sample_rate_hertz"
        _within(field, "SAMPLE_RATE_OUT_OF_RANGE", request.sample_rate, 8_000, 192_000, "Hz")


def check_clip(source: Source | None, role: str) -> None:
    """Refuses a clip that was given no role, or that nothing can read.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``AUDIO_UNEXPECTED``, and what is wrong with the clip.
    """
    if source is None:
        return
    if not role:
        message = "audio was uploaded, but the config says nothing of it; name its role, or send the config alone"
        raise invalid("AUDIO_UNEXPECTED", message, field="config.audio_role")
    source.probe()


def check_for_model(request: GenerationRequest, name: str, generator: Generator, limits: GenerationSettings) -> None:
    """Refuses what this model cannot do.

    Args:
        request: What :func:`check_request` let pass.
        name: The model's, for messages.
        generator: The model, which counts the tokens of texts.
        limits: How many of them there may be.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``PROMPT_TOO_LONG``, ``DURATION_OUT_OF_RANGE``, ``MELODY_UNSUPPORTED``.
    """
    texts = [(f"config.prompts[{index}]", text) for index, text in enumerate(request.prompts)]
    for field, text in [*texts, ("config.negative_prompt", request.negative_prompt)]:
        # A text of millions of characters is not worth counting the tokens of.
        if len(text) > MAX_PROMPT_CHARACTERS:
            _within(field, "PROMPT_TOO_LONG", len(text), 0, MAX_PROMPT_CHARACTERS, "characters")
        if text:
            _within(field, "PROMPT_TOO_LONG", generator.token_count(text), 0, limits.max_prompt_tokens, "tokens")

    if generator.longest_seconds is not None:
        longest, unit = generator.longest_seconds, f"s of {name}"
        _within("config.duration", "DURATION_OUT_OF_RANGE", request.seconds, MIN_SECONDS, longest, unit)

    if request.audio_role == MELODY and not generator.follows_melody:
        raise invalid(
            "MELODY_UNSUPPORTED",
            f"model {name} follows no melody; choose a melody model, such as musicgen-melody",
            field="config.audio_role",
            model=name,
        )


def check_heard(samples: int, generator: Generator) -> None:
    """Refuses a clip to continue of which the model can make nothing.

    Args:
        samples: Samples of each channel that are heard, at the model's rate.
        generator: The model.

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``CLIP_TOO_SHORT``.
    """
    seconds = samples / generator.sample_rate
    if seconds < generator.min_clip_seconds:
        raise invalid(
            "CLIP_TOO_SHORT",
            f"the clip to continue lasts {seconds:.3f} s; give at least {generator.min_clip_seconds:g} s",
            field="chunk",
            seconds=f"{seconds:.3f}",
            least=generator.min_clip_seconds,
        )


def _check_prompts(request: GenerationRequest, guidance_scale: float) -> None:
    for index, prompt in enumerate(request.prompts):
        if not prompt.strip():
            message = "the prompt is empty; describe the music, or give no prompts at all"
            raise invalid("PROMPT_EMPTY", message, field=f"config.prompts[{index}]")
    if request.negative_prompt and (not request.prompts or guidance_scale <= 1):
        message = "a negative prompt works against a prompt, through guidance; give a prompt and a scale above 1"
        raise invalid("NEGATIVE_PROMPT", message, field="config.negative_prompt", scale=guidance_scale)


def _check_amount(request: GenerationRequest, limits: GenerationSettings) -> None:
    # First by itself: a number of pieces below 1, or of millions, is no product to make.
    _within("config.pieces_per_prompt", "TOO_MANY_PIECES", request.pieces_per_prompt, 1, limits.max_pieces)
    pieces = max(1, len(request.prompts)) * request.pieces_per_prompt
    _within("config.prompts", "TOO_MANY_PIECES", pieces, 1, limits.max_pieces, "pieces")

    field = "config.duration"
    _within(field, "DURATION_OUT_OF_RANGE", request.seconds, MIN_SECONDS, limits.max_seconds, "s")
    total, most = request.seconds * pieces, limits.max_total_seconds
    _within(field, "TOTAL_DURATION", total, MIN_SECONDS, most, "s in all pieces together")


def _check_sampling(sampling: Sampling) -> None:
    for name, low, high in (("temperature", 0, 4), ("top_k", 0, 1 << 16), ("guidance_scale", 1, 20)):
        _within(f"config.{name}", "SAMPLING_OUT_OF_RANGE", getattr(sampling, name), low, high)
    if 0 < sampling.temperature < LEAST_TEMPERATURE:
        # Scores divided by less are no numbers any more, which would be blamed on the model.
        message = f"temperature is {sampling.temperature:g}; give 0 for the likeliest, or {LEAST_TEMPERATURE:g} to 4"
        raise invalid("SAMPLING_OUT_OF_RANGE", message, field="config.temperature", value=sampling.temperature)
    if not 0 < sampling.top_p <= 1:
        message = f"top_p is {sampling.top_p:g}; give more than 0 and at most 1"
        raise invalid("SAMPLING_OUT_OF_RANGE", message, field="config.top_p", value=sampling.top_p)


def _within(field: str, reason: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:  # written so that NaN is refused too
        name, unit = field.removeprefix("config."), f" {unit}" if unit else ""
        message = f"{name} is {value:.15g}{unit}; give {low:.15g} to {high:.15g}"
        raise invalid(reason, message, field=field, value=f"{value:.15g}", least=low, most=high)
