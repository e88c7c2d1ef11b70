"""The facts of a request to llm_audio: told, or refused as FACTS_JSON."""

from __future__ import annotations

from antiphon_wire.errors import AntiphonError
from fuzz.target import FindingError, Target
from services.llm_audio.interview.facts import Facts

_SEEDS = (
    b'{"essentia": {"rhythm": {"bpm": 109.9}, "key": {"tonic": "F", "mode": "major"}}, "mood": ["calm", 1, null]}',
    b'{"speech": {"transcript": {"text": "words", "language": "en"}}, "fusion": {"tempo": {"bpm": 120.0}}}',
    b'{"title": "a song", "year": 1999, "tags": {"rock": 0.31, "pop": 1e-3}, "deep": {"er": {"still": true}}}',
)


def _accepts(data: bytes) -> bool:
    try:
        facts = Facts.parse(data.decode(errors="replace"))
    except AntiphonError as error:
        if (error.code, error.reason) != ("INVALID_ARGUMENT", "FACTS_JSON"):
            raise FindingError(f"a refusal is {error.code} {error.reason}") from error
        return False
    for value in facts.placeholders().values():
        value.encode()
    return True


TARGET = Target(
    "facts",
    lambda: _SEEDS,
    _accepts,
    (b"NaN", b"-Infinity", b"1e999", b"9" * 400, b'"\\ud800"', b'{"a":', b"[", b"null", b"fusion"),
)
