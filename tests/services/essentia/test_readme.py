"""The README names every field a caller can get."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.essentia.v1 import essentia_service_pb2 as pb

README = Path(__file__).parents[3] / "services" / "essentia" / "README.md"
MESSAGES = [field.message_type for field in pb.Features.DESCRIPTOR.fields] + [
    pb.KeyEstimate.DESCRIPTOR,
    pb.TempoEstimate.DESCRIPTOR,
    pb.TempoAlternative.DESCRIPTOR,
    pb.Chroma.DESCRIPTOR,
    pb.Note.DESCRIPTOR,
    pb.Chord.DESCRIPTOR,
]


@pytest.mark.parametrize("message", MESSAGES, ids=[message.name for message in MESSAGES])
def test_every_field_is_in_the_readme(message: object) -> None:
    text = README.read_text(encoding="utf-8")
    missing = [field.name for field in message.fields if f"| `{field.name}` |" not in text]  # type: ignore[attr-defined]
    assert missing == []
