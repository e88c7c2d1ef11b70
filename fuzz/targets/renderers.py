"""Transcripts out of any message and any text: written in every format and read back, or RenderError."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers import FORMATS, RenderError, answer, parse
from fuzz.target import Target

_STRICT = ("srt", "vtt", "tsv", "json", "diarized_json")
"""Formats that not every text is in."""


def _transcript() -> pb.Transcript:
    transcript = pb.Transcript()
    for number, text in enumerate(
        ("First words, and more of them.", "Then, <i>others</i>", "-->  [00:01.00]", "第三行です")
    ):
        segment = transcript.segments.add(text=text, speaker=f"speaker {number % 2}")
        segment.start_offset.FromMilliseconds(1500 * number)
        segment.end_offset.FromMilliseconds(1500 * number + 900)
        for at, part in enumerate(text.split()):
            word = segment.words.add(text=part)
            word.start_offset.FromMilliseconds(1500 * number + 100 * at)
            word.end_offset.FromMilliseconds(1500 * number + 100 * at + 90)
    return transcript


def _seeds() -> list[bytes]:
    requests = [
        pb.RenderTranscriptRequest(format=pb.RenderFormat.Name(form.number), transcript=_transcript())
        for form in FORMATS.values()
    ]
    return [*(one.SerializeToString() for one in requests), *(answer(one).text.encode() for one in requests)]


def _accepts(data: bytes) -> bool:
    accepted = False
    text = data.decode(errors="replace")
    for name in FORMATS:
        try:
            parse(name, text)
            accepted |= name in _STRICT
        except RenderError:
            continue
    try:
        request = pb.RenderTranscriptRequest.FromString(data)
        answer(request)
        accepted = True
    except (DecodeError, RenderError):
        pass
    return accepted


TARGET = Target(
    "renderers",
    _seeds,
    _accepts,
    (b"-->", b"00:00:01,000", b"[00:01.00]", b"<00:01.00>", b"\t", b"\n\n", b"[", b'{"a":', b"9" * 20),
)
