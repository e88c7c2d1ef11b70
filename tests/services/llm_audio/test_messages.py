"""Every parameter of the wire reaches the request, and what is not said has its default."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from services.llm_audio.contract import DescriptionRequest, Prompt, Sampling
from services.llm_audio.messages.description import description_request


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
