"""Counted reading against protobuf's own parser: within the bounds they accept the same and make the same of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire.errors import AntiphonError
from chassis.counting import read
from fuzz.target import FindingError, Target

Made = TypeVar("Made")

_KINDS: tuple[type[Message], ...] = (
    llm_pb2.CompareRequest,
    essentia_pb2.AnalyzeRequest,
    speech_pb2.RenderTranscriptRequest,
)
_GROUP = 3


def _seeds() -> list[bytes]:
    segment = speech_pb2.Segment(text="two words", words=[speech_pb2.Word(text=text) for text in ("two", "words")])
    segment.words[1].start_offset.FromNanoseconds(1_500_000_000)
    transcript = speech_pb2.Transcript(segments=[segment] * 3)
    requests = (
        llm_pb2.CompareRequest(
            config=llm_pb2.ComparisonConfig(
                facts_json='{"bpm": 120}', sides=[llm_pb2.Side(name="a")], prompts=[llm_pb2.Prompt(text="Why?")]
            )
        ),
        essentia_pb2.AnalyzeRequest(config=essentia_pb2.AnalysisConfig(beat_seconds=[0.5, 1.0], stem="vocals")),
        essentia_pb2.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=b"RIFF", byte_offset=7, last=True)),
        speech_pb2.RenderTranscriptRequest(format=speech_pb2.RENDER_FORMAT_SRT, transcript=transcript),
    )
    return [bytes([_KINDS.index(type(request))]) + request.SerializeToString() for request in requests]


def _accepts(data: bytes) -> bool:
    kind, body = _KINDS[data[0] % len(_KINDS) if data else 0], data[1:]
    found, parsed = _made(lambda: read(kind, body)), _made(lambda: kind.FromString(body))
    if isinstance(found, AntiphonError):
        if found.code != "INVALID_ARGUMENT":
            raise FindingError(f"a refusal is {found.code}")
        return False
    if found is None:
        # Groups are of protobufs before version 3: no message of ours has one, and they are not counted.
        if parsed is not None and not any(_groups(parsed)):
            raise FindingError("what the parser reads was refused as unreadable")
        return False
    if parsed is None:
        raise FindingError("what no parser reads was accepted")
    if found.SerializeToString(deterministic=True) != parsed.SerializeToString(deterministic=True):
        raise FindingError("the message is not what the parser makes of the bytes")
    return True


def _made(make: Callable[[], Made]) -> Made | None:
    """What is made; None of bytes that cannot be read."""
    try:
        return make()
    except DecodeError:
        return None


def _groups(message: Message) -> Iterator[bool]:
    """Yields for each field that is not known, at any depth, whether it is a group."""
    unknown: Any = UnknownFieldSet(message)  # its stubs do not say that it can be walked
    for each in unknown:
        yield each.wire_type == _GROUP
    for _, value in message.ListFields():
        for part in [value] if isinstance(value, Message) else _elements(value):
            if isinstance(part, Message):
                yield from _groups(part)


def _elements(value: Any) -> Sequence[Any]:
    """Those of a repeated field; none of a number or a text."""
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str | bytes) else []


TARGET = Target("counting", _seeds, _accepts, (b"\x0a\x00", b"\x08\x01", b"\xff\xff\xff\xff\x0f", b"\x0b\x0c"))
