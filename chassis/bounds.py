"""How large each field of a request may be: one rule for all, and the few fields that need more.

The rule: a request may have CONFIG_BYTES, a repeated field COUNT elements, a text or bytes field TEXT_BYTES. What is
named in BOUNDS has a bound of its own. A field in FREE_BYTES is not counted into CONFIG_BYTES.
"""

from __future__ import annotations

from collections.abc import Mapping

CONFIG_BYTES = 64 << 10
"""Most bytes of a request, those of the fields in FREE_BYTES not counted."""

COUNT = 128
"""Most elements of a repeated field, over all messages that hold it in one request."""

TEXT_BYTES = 4 << 10
"""Most bytes of one text or bytes field."""

MAX_TRACK = 255
"""Highest number of an audio track; no file in use has so many."""

BOUNDS: Mapping[str, int] = {
    "antiphon.essentia.v1.AnalysisConfig.beat_seconds": 65_536,
    "antiphon.llm_audio.v1.DescriptionConfig.facts_json": 1 << 20,
    "antiphon.llm_audio.v1.ComparisonConfig.facts_json": 1 << 20,
    "antiphon.llm_audio.v1.DescriptionConfig.json_schema": 128 << 10,
    "antiphon.llm_audio.v1.ComparisonConfig.json_schema": 128 << 10,
    "antiphon.llm_audio.v1.Prompt.text": 32 << 10,
    "antiphon.speech.v1.AlignmentConfig.lyrics": 128 << 10,
    "antiphon.speech.v1.AlignmentSummary.lyrics": 128 << 10,
    "antiphon.speech.v1.TranscriptionConfig.hotwords": 256,
    "antiphon.speech.v1.Transcript.segments": 32_768,
    "antiphon.speech.v1.AlignedLyrics.lines": 32_768,
    "antiphon.speech.v1.Segment.words": 65_536,
    "antiphon.speech.v1.AlignedLine.words": 65_536,
    "antiphon.speech.v1.Segment.text": 64 << 10,
    "antiphon.speech.v1.AlignedLine.text": 64 << 10,
}
"""Elements of a repeated field, or bytes of a text or bytes field, by the field's full name."""

FREE_BYTES = frozenset(
    [
        # The check of an upload refuses a large chunk by the name that callers know.
        "antiphon.audio.v1.AudioChunk.data",
        "antiphon.essentia.v1.AnalysisConfig.beat_seconds",
        "antiphon.llm_audio.v1.DescriptionConfig.facts_json",
        "antiphon.llm_audio.v1.ComparisonConfig.facts_json",
        "antiphon.llm_audio.v1.DescriptionConfig.json_schema",
        "antiphon.llm_audio.v1.ComparisonConfig.json_schema",
        "antiphon.llm_audio.v1.DescriptionConfig.prompts",
        "antiphon.llm_audio.v1.ComparisonConfig.prompts",
        "antiphon.speech.v1.AlignmentConfig.lyrics",
        "antiphon.speech.v1.RenderTranscriptRequest.transcript",
        "antiphon.speech.v1.RenderTranscriptRequest.lyrics",
    ]
)
"""Fields whose bytes are bounded by themselves, or by the transport alone, and not by CONFIG_BYTES."""

UNREAD = frozenset(
    ["antiphon.audio.v1.AudioChunk.data", "antiphon.speech.v1.Word.text", "antiphon.speech.v1.Word.speaker"]
)
"""Texts and bytes without a bound of their own: the transport's 4 MiB are theirs, and the work on them is linear."""

NOT_ENTERED = frozenset(["antiphon.speech.v1.Word"])
"""Messages that hold nothing which grows by repetition; there are too many of them to look into each."""
