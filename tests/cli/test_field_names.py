"""What a service says of a field of a request is told by the option that was typed."""

from __future__ import annotations

import click
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon_cli.field_names import OPTIONS, in_options, option_of
from antiphon_cli.program import cli
from antiphon_client import AntiphonClientError
from antiphon_wire.errors import AntiphonError
from chassis.family.audio_format import track_number
from chassis.family.output_encoding import NUMBERS, output_encoding
from services.separation.contract import Tuning
from services.separation.messages import output_sample_rate

SEPARATE = frozenset(name for each in cli.commands["separate"].params for name in each.opts)


def said(error: AntiphonError) -> AntiphonClientError:
    return AntiphonClientError(error.code, error.reason, error.message, error.metadata)


@pytest.mark.parametrize(
    ("form", "chosen", "told"),
    [
        ("flac", {"bits_per_sample": 17}, "--bits is 17, which flac does not have; give 16 or 24"),
        ("aac", {"bits_per_sample": 16}, "--bits is 16, which m4a does not have; leave it out"),
        ("opus", {"bit_rate_kbps": 5}, "--bitrate is 5, which opus does not have; give 12 to 512"),
        ("mp3", {"quality": 10}, "--quality is 10, which mp3 does not have; give 0 to 9"),
        (
            "mp3",
            {"quality": 1, "bit_rate_kbps": 64},
            "--quality is of a variable bit rate; give it or --bitrate",
        ),
    ],
)
def test_a_choice_of_a_format_is_called_as_its_option(form: str, chosen: dict[str, int], told: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        output_encoding(NUMBERS[form], audio_pb2.OutputOptions(**chosen), "wav")
    assert in_options(said(caught.value), SEPARATE).removesuffix(", not both") == told


def test_tags_track_and_rate_are_called_as_their_options() -> None:
    with pytest.raises(AntiphonError) as tags:
        output_encoding(NUMBERS["pcm_s16le"], audio_pb2.OutputOptions(), "wav", tags=True)
    assert in_options(said(tags.value), SEPARATE) == (
        "s16le holds no tags; leave --tags out, or choose one of flac, mp3, opus, m4a, ogg"
    )
    with pytest.raises(AntiphonError) as track:
        track_number(audio_pb2.AudioFormat(track=300))
    assert in_options(said(track.value), SEPARATE).endswith("or leave --track out")
    with pytest.raises(AntiphonError) as rate:
        output_sample_rate(pb.SeparationConfig(output_sample_rate_hertz=1))
    assert in_options(said(rate.value), SEPARATE) == "--rate is 1; give 4000 to 384000, or --rate keep"
    with pytest.raises(AntiphonError) as overlap:
        Tuning(overlap=2.0)
    assert in_options(said(overlap.value), SEPARATE) == "--overlap is 2.0; give 0 to 0.95"


def test_a_word_that_is_no_field_stays_as_it_is() -> None:
    text = "the model whisper is for engine x; a track of good quality has no lyrics at all, and aac is aac"
    assert in_options(AntiphonClientError("INTERNAL", "X", text), SEPARATE) == text


def test_an_option_that_the_command_does_not_have_is_not_named() -> None:
    error = AntiphonClientError("INVALID_ARGUMENT", "X", "bits_per_sample is 3, which aac does not have")
    assert in_options(error, frozenset()) == error.message
    assert option_of("config.prompts[2]", frozenset(["--prompt"])) == "--prompt"
    assert option_of("config.prompts[2]", frozenset()) == ""


def test_time_that_ran_out_names_the_option_that_gives_more() -> None:
    options = frozenset(["--timeout"])
    stage = AntiphonClientError("X", "STAGE_DEADLINE", "speech was not done; allow the call more time, or raise Y")
    assert in_options(stage, options) == "speech was not done; allow more time by --timeout, or raise Y"
    call = AntiphonClientError("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "Deadline Exceeded")
    assert "--timeout" in in_options(call, options)


def test_every_option_of_the_table_is_one() -> None:
    there = {
        name
        for command in cli.commands.values()
        for each in command.params
        if isinstance(each, click.Option)
        for name in each.opts
    }
    assert {name.split()[0] for names in OPTIONS.values() for name in names} <= there
