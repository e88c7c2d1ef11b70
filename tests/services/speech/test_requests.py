"""What a request may ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from antiphon_wire.errors import AntiphonError
from services.speech.contract import LANGUAGE_CODES, AlignmentRequest, TranscriptionRequest
from services.speech.live.contract import LiveRequest


@pytest.mark.parametrize(
    ("wrong", "reason", "field"),
    [
        ({"language": "tlh"}, "UNKNOWN_LANGUAGE", "config.language_code"),
        ({"language": ""}, "UNKNOWN_LANGUAGE", "config.language_code"),
        ({"task": "sing"}, "UNKNOWN_TASK", "config.task"),
        ({"beam_size": 0}, "BEAM_SIZE", "config.beam_size"),
        ({"beam_size": 11}, "BEAM_SIZE", "config.beam_size"),
        ({"initial_prompt": "x" * 1001}, "PROMPT_TOO_LONG", "config.initial_prompt"),
        ({"hotwords": ("x" * 500, "y" * 500)}, "HOTWORDS_TOO_LONG", "config.hotwords"),
        ({"temperatures": ()}, "TEMPERATURES", "config.temperatures"),
        ({"temperatures": (0.0, 1.1)}, "TEMPERATURES", "config.temperatures"),
        ({"temperatures": (-0.1,)}, "TEMPERATURES", "config.temperatures"),
        ({"temperatures": (0.2, 0.2)}, "TEMPERATURES", "config.temperatures"),
        ({"temperatures": (float("nan"),)}, "TEMPERATURES", "config.temperatures"),
        ({"temperatures": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)}, "TEMPERATURES", "config.temperatures"),
        ({"no_speech_threshold": 1.5}, "NO_SPEECH_THRESHOLD", "config.no_speech_threshold"),
        ({"no_speech_threshold": float("nan")}, "NO_SPEECH_THRESHOLD", "config.no_speech_threshold"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(wrong: dict[str, object], reason: str, field: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        TranscriptionRequest(**wrong)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.reason, caught.value.field) == ("INVALID_ARGUMENT", reason, field)


def test_the_bounds_themselves_are_allowed() -> None:
    for beam_size in (1, 10):
        assert TranscriptionRequest(beam_size=beam_size, initial_prompt="x" * 1000).beam_size == beam_size


@pytest.mark.parametrize("wrong", ["en-US", "EN", "en_GB"])
@pytest.mark.parametrize("asked", [TranscriptionRequest, partial(AlignmentRequest, "la"), LiveRequest])
def test_a_language_tag_is_answered_with_its_code(asked: Callable[..., object], wrong: str) -> None:
    with pytest.raises(AntiphonError, match="did you mean 'en'"):
        asked(language=wrong)


def test_an_unknown_language_is_answered_with_every_known_one() -> None:
    with pytest.raises(AntiphonError) as caught:
        TranscriptionRequest(language="tlh")
    assert caught.value.metadata["known"].split(", ") == list(LANGUAGE_CODES)


def test_the_default_decodes_at_temperature_0_alone_and_samples_nothing() -> None:
    assert not TranscriptionRequest().may_sample
    assert TranscriptionRequest(temperatures=(0.0, 0.4)).may_sample


@pytest.mark.parametrize(("diarize", "count"), [(True, 0), (True, -1), (True, 21), (True, 10**9), (False, 2)])
def test_a_number_of_speakers_that_cannot_be_is_refused(diarize: bool, count: int) -> None:
    with pytest.raises(AntiphonError) as caught:
        TranscriptionRequest(diarize=diarize, speaker_count=count)
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "SPEAKER_COUNT")
    assert caught.value.field == "config.speaker_count"
