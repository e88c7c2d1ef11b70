"""Requests that make no sense are refused with the field at fault, before anything is computed."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from services.llm_audio.contract import DescriptionRequest, Prompt, Sampling
from services.llm_audio.messages import description_request
from services.llm_audio.settings import LlmAudioSettings


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


def test_every_parameter_of_the_wire_reaches_the_request() -> None:
    sampling = pb.Sampling(
        do_sample=True, temperature=0.5, top_p=0.25, top_k=7, max_tokens=9, seed=11, repeat_penalty=1.5
    )
    config = pb.DescriptionConfig(
        model="m",
        engine="e",
        prompts=[pb.Prompt(name="own", text="why?")],
        facts_json='{"a": 1}',
        sampling=sampling,
        json_schema="{}",
        check_claims=False,
    )
    assert description_request(config) == DescriptionRequest(
        "m", "e", (Prompt("own", "why?"),), '{"a": 1}', Sampling(True, 0.5, 0.25, 7, 9, 11, 1.5), "{}", False
    )


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ({}, False),
        ({"temperature": 0.7}, True),
        ({"temperature": 0.0}, False),
        ({"temperature": 0.7, "do_sample": False}, False),
        ({"do_sample": True}, True),
    ],
)
def test_a_temperature_above_0_draws_unless_the_caller_says_otherwise(given: dict[str, Any], drawn: bool) -> None:
    assert description_request(pb.DescriptionConfig(sampling=pb.Sampling(**given))).sampling.do_sample is drawn


def test_an_empty_config_asks_for_one_full_description() -> None:
    assert description_request(pb.DescriptionConfig()) == DescriptionRequest()


@pytest.mark.parametrize(
    "values", [{"thread_count": 0}, {"gpu_layers": -2}, {"context_tokens": 100}, {"batch_tokens": 8}]
)
def test_settings_that_cannot_work_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        LlmAudioSettings(**values)
