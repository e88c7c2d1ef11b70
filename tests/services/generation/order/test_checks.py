"""What is refused before any model is asked, by reason and field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from antiphon_wire.errors import AntiphonError
from services.generation.contract import GenerationRequest
from services.generation.order.checks import check_clip, check_request
from services.generation.settings import GenerationSettings

REQUEST = GenerationRequest(prompts=("warm piano",), seconds=1.0)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"prompts": ("piano", " ")}, "PROMPT_EMPTY", "config.prompts[1]"),
        ({"prompts": (), "negative_prompt": "drums"}, "NEGATIVE_PROMPT", "config.negative_prompt"),
        (
            {"negative_prompt": "drums", "sampling": {"guidance_scale": 1}},
            "NEGATIVE_PROMPT",
            "config.negative_prompt",
        ),
        ({"pieces_per_prompt": 9}, "TOO_MANY_PIECES", "config.pieces_per_prompt"),
        ({"pieces_per_prompt": -1}, "TOO_MANY_PIECES", "config.pieces_per_prompt"),
        ({"prompts": ("piano",) * 9}, "TOO_MANY_PIECES", "config.prompts"),
        ({"seconds": 0.0}, "DURATION_OUT_OF_RANGE", "config.duration"),
        ({"seconds": -1.0}, "DURATION_OUT_OF_RANGE", "config.duration"),
        ({"seconds": 601.0}, "DURATION_OUT_OF_RANGE", "config.duration"),
        ({"seconds": 500.0, "pieces_per_prompt": 3}, "TOTAL_DURATION", "config.duration"),
        ({"sampling": {"temperature": -0.1}}, "SAMPLING_OUT_OF_RANGE", "config.temperature"),
        ({"sampling": {"temperature": float("nan")}}, "SAMPLING_OUT_OF_RANGE", "config.temperature"),
        ({"sampling": {"top_k": -1}}, "SAMPLING_OUT_OF_RANGE", "config.top_k"),
        ({"sampling": {"top_p": 0}}, "SAMPLING_OUT_OF_RANGE", "config.top_p"),
        ({"sampling": {"guidance_scale": 0.5}}, "SAMPLING_OUT_OF_RANGE", "config.guidance_scale"),
        ({"seed": -1}, "SEED_OUT_OF_RANGE", "config.seed"),
        ({"sample_rate": 100}, "SAMPLE_RATE_OUT_OF_RANGE", "config.sample_rate_hertz"),
    ],
)
def test_what_no_model_can_do_is_refused_by_name(changes: dict[str, Any], reason: str, field: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        check_request(replace(REQUEST, **changes), GenerationSettings())
    error = caught.value
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", reason, field)


@pytest.mark.parametrize(
    "changes",
    [
        {"prompts": ()},
        {"seconds": 0.2},
        {"seconds": 150.0, "pieces_per_prompt": 8},
        {"negative_prompt": "drums"},
        {"sampling": {"temperature": 0, "top_k": 0, "top_p": 1, "guidance_scale": 1}},
        {"seed": (1 << 63) - 1, "sample_rate": 192_000},
    ],
)
def test_the_ends_of_every_range_are_let_pass(changes: dict[str, Any]) -> None:
    check_request(replace(REQUEST, **changes), GenerationSettings())


def test_a_call_without_a_clip_needs_no_role() -> None:
    check_clip(None, "")
