"""Requests that make no sense are refused with the field at fault, before anything is computed."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon_wire.errors import AntiphonError
from services.llm_audio.contract import DescriptionRequest, Prompt, Sampling


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_p": 1.01}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 8193}, "max_tokens"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32 - 1}, "seed"),
        ({"repeat_penalty": 0.9}, "repeat_penalty"),
    ],
)
def test_sampling_out_of_range_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(AntiphonError, match="SAMPLING") as caught:
        Sampling(**values)
    assert caught.value.field == f"config.sampling.{field}"


@pytest.mark.parametrize(
    ("prompts", "reason"),
    [
        ((), "PROMPTS_TOO_MANY"),
        (tuple(Prompt(f"p{n}", "x") for n in range(17)), "PROMPTS_TOO_MANY"),
        ((Prompt("a b", "x"),), "PROMPT_NAME"),
        ((Prompt("", "x"),), "PROMPT_NAME"),
        ((Prompt("full"), Prompt("full", "x")), "PROMPT_REPEATED"),
        ((Prompt("fool"),), "PROMPT_UNKNOWN"),
        ((Prompt("own", "x" * 4001),), "PROMPT_TOO_LONG"),
    ],
)
def test_prompts_that_make_no_sense_are_refused(prompts: tuple[Prompt, ...], reason: str) -> None:
    with pytest.raises(AntiphonError, match=reason):
        DescriptionRequest(prompts=prompts)
