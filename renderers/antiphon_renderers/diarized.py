"""The JSON that OpenAI's transcription API calls ``diarized_json``: who says what, segment by segment."""

from __future__ import annotations

import json
from typing import Any

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers.lines import Line, RenderError, clean, in_order, lines_of
from antiphon_renderers.rows import joined

_LETTERS = 26


def diarized_json(source: pb.Transcript | pb.AlignedLyrics) -> str:
    """Writes a transcript whose speakers were told apart; they are called A, B and so on, as they begin to speak.

    Raises:
        RenderError: RENDER_SOURCE where it says nothing of speakers.
    """
    if not isinstance(source, pb.Transcript):
        raise RenderError("RENDER_SOURCE", "lyrics have no speakers; give a transcript", "source")
    lines = list(in_order(lines_of(source)))
    names: dict[str, str] = {}
    segments: list[dict[str, Any]] = []
    for number, line in enumerate(lines):
        if not line.speaker:
            message = "its segments have no speakers; have them told apart when it is transcribed (diarize)"
            raise RenderError("RENDER_SOURCE", message, "source")
        name = names.setdefault(line.speaker, letter(len(names)))
        segments.append(
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number}",
                "start": line.start,
                "end": line.end,
                "speaker": name,
                "text": line.text,
            }
        )
    found: dict[str, Any] = {"task": "transcribe"}
    if source.summary.source.HasField("duration"):
        found["duration"] = source.summary.source.duration.ToNanoseconds() / 1e9
    found |= {"text": clean(joined(line.text for line in lines)), "segments": segments}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def read_diarized_json(text: str) -> tuple[Line, ...]:
    """The segments of such JSON, of whatever program.

    Raises:
        RenderError: RENDER_TEXT where it is none.
    """
    try:
        segments = json.loads(text)["segments"]
        return tuple(
            Line(str(each["text"]), float(each["start"]), float(each["end"]), speaker=str(each["speaker"]))
            for each in segments
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise RenderError("RENDER_TEXT", f"it is no diarized JSON: {error!r}") from error


def letter(number: int) -> str:
    """Names the speaker of a number from 0: A to Z, then AA and so on.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    before, last = divmod(number, _LETTERS)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)
