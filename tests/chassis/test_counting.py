"""Requests are counted on their bytes, before a message is made of them."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire.errors import AntiphonError
from chassis import bounds
from chassis.counting import read


def refusal(message: type, data: bytes) -> AntiphonError:
    """The error that comes in place of the message."""
    found = read(message, data)
    assert isinstance(found, AntiphonError)
    assert found.code == "INVALID_ARGUMENT"
    return found


def compare(**config: object) -> bytes:
    """The bytes of a config of Compare."""
    request = llm_pb2.CompareRequest(config=llm_pb2.ComparisonConfig(**config))  # type: ignore[arg-type]
    return request.SerializeToString()


def test_what_is_within_its_bounds_is_read_as_it_was_sent() -> None:
    for request in (
        llm_pb2.DescribeRequest(
            config=llm_pb2.DescriptionConfig(
                facts_json="x" * (1 << 20),
                json_schema="x" * 65_536,
                prompts=[llm_pb2.Prompt(name=f"p{at}", text="ж" * 4_000) for at in range(16)],
            )
        ),
        speech_pb2.AlignLyricsRequest(config=speech_pb2.AlignmentConfig(lyrics="ж" * 20_000)),
        essentia_pb2.AnalyzeRequest(
            config=essentia_pb2.AnalysisConfig(beat_seconds=[at * 0.25 for at in range(4 * 4 * 3600)])
        ),
        speech_pb2.TranscribeRequest(chunk=audio_pb2.AudioChunk(data=bytes(2 << 20))),
    ):
        assert read(type(request), request.SerializeToString()) == request


def test_an_hour_of_words_is_read_as_it_was_sent() -> None:
    request = speech_pb2.RenderTranscriptRequest(format=speech_pb2.RENDER_FORMAT_SRT)
    for at in range(900):
        segment = request.transcript.segments.add(text="about four seconds of speech")
        for _ in range(10):
            segment.words.add(text="word", probability=0.5).start_offset.seconds = at
    assert read(type(request), request.SerializeToString()) == request


def test_one_element_too_many_is_refused_with_its_path_and_its_bound() -> None:
    sides = [llm_pb2.Side() for _ in range(bounds.COUNT + 1)]
    assert not isinstance(read(llm_pb2.CompareRequest, compare(sides=sides[1:])), AntiphonError)
    error = refusal(llm_pb2.CompareRequest, compare(sides=sides))
    assert (error.reason, error.field) == ("FIELD_TOO_LARGE", "config.sides")
    assert error.metadata == {"path": "config.sides", "count": "129", "limit": "128"}


def test_numbers_in_one_piece_are_counted_like_those_that_come_singly() -> None:
    many = bounds.BOUNDS["antiphon.essentia.v1.AnalysisConfig.beat_seconds"] + 1
    config = essentia_pb2.AnalysisConfig(beat_seconds=[1.0] * many)
    packed = essentia_pb2.AnalyzeRequest(config=config).SerializeToString()
    single = b"\x41" + bytes(8)
    apart = single * many
    size = bytes([len(apart) & 127 | 128, len(apart) >> 7 & 127 | 128, len(apart) >> 14])
    for data in (packed, b"\x0a" + size + apart):
        error = refusal(essentia_pb2.AnalyzeRequest, data)
        assert (error.reason, error.field) == ("FIELD_TOO_LARGE", "config.beat_seconds")


def test_many_small_fields_that_are_large_together_are_refused() -> None:
    error = refusal(llm_pb2.CompareRequest, compare(sides=[llm_pb2.Side(name="x" * 1_000)] * 100))
    assert (error.reason, error.metadata["limit"]) == ("CONFIG_TOO_LARGE", str(bounds.CONFIG_BYTES))


def test_a_field_that_is_not_repeated_comes_once() -> None:
    # A parser would put these together: facts of any size, a bit at a time.
    facts = b"\x2a\x01x"
    error = refusal(llm_pb2.CompareRequest, b"\x0a\x06" + facts * 2)
    assert (error.reason, error.field) == ("FIELD_TOO_LARGE", "config.facts_json")


def test_fields_that_no_proto_has_are_counted_together() -> None:
    unknown = b"".join(bytes([0x80 | at & 127 << 3 & 127, 0x08 + at % 100, 0]) for at in range(200))
    error = refusal(llm_pb2.CompareRequest, unknown)
    assert (error.reason, error.field) == ("FIELD_TOO_LARGE", "(unknown)")


@pytest.mark.parametrize(
    "data", [b"\xff", b"\x0a\x05ab", b"\x0b\x0c", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x0f"]
)
def test_what_is_no_message_cannot_be_decoded(data: bytes) -> None:
    with pytest.raises(DecodeError):
        read(llm_pb2.CompareRequest, data)


def test_a_text_that_is_not_utf_8_cannot_be_decoded() -> None:
    with pytest.raises(DecodeError):
        read(llm_pb2.CompareRequest, b"\x0a\x03\x2a\x01\xff")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        found = read(speech_pb2.RenderTranscriptRequest, data)
    except DecodeError:
        return  # told by the guard around every message
    assert isinstance(found, speech_pb2.RenderTranscriptRequest | AntiphonError)
