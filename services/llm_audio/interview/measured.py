"""The numbers and keys of a recording: out of the facts that the gateway fused, else out of an essentia analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.llm_audio.contract import Fact

MOST_DISAGREE = 0.5
"""Share of those asked, 0 to 1, of which so many or fewer name the value: it is in doubt."""

FUSED = ("tempo", "key", "loudness", "vocals")
"""Members of ``fusion`` that are read."""


@dataclass(frozen=True)
class _Measure:
    """A kind of fact: its label, its unit, and where it may stand, the best first: (the number, who agrees with it)."""

    label: str
    kind: str
    unit: str
    places: tuple[tuple[str, str], ...]


_MEASURES = (
    _Measure("length", "number", "seconds", (("essentia.features.signal.duration_seconds", ""),)),
    _Measure(
        "tempo",
        "tempo",
        "BPM",
        (
            ("fusion.tempo.bpm", "fusion.tempo.agreement"),
            ("essentia.features.rhythm.bpm", "essentia.features.rhythm.bpm_agreement"),
        ),
    ),
    _Measure(
        "key",
        "key",
        "",
        (
            ("fusion.key.tonic", "fusion.key.agreement"),
            ("essentia.features.tonal.key_tonic", "essentia.features.tonal.key_agreement"),
        ),
    ),
    _Measure(
        "loudness",
        "number",
        "LUFS",
        (("fusion.loudness.integrated_lufs", ""), ("essentia.features.loudness.integrated_lufs", "")),
    ),
    _Measure(
        "loudness range",
        "number",
        "LU",
        (("fusion.loudness.loudness_range_lu", ""), ("essentia.features.loudness.loudness_range_lu", "")),
    ),
)
_VOICE = "fusion.vocals.energy_share"


def measured(document: Mapping[str, Any]) -> Iterator[Fact]:
    """Yields length, tempo, key, loudness, its range and the voice's share of the energy, as far as known."""
    for each in _MEASURES:
        found = (_fact(document, each, path, agreement) for path, agreement in each.places)
        fact = next((fact for fact in found if fact is not None), None)
        if fact is not None:
            yield fact
    share = number(at(document, _VOICE))
    if share is not None:
        yield Fact("vocal share of the energy", f"{share * 100:.0f} %", _VOICE, "number", share)


def _fact(document: Mapping[str, Any], measure: _Measure, path: str, agreement: str) -> Fact | None:
    value = at(document, path)
    share = number(at(document, agreement)) if agreement else None
    doubt = agreement if share is not None and share <= MOST_DISAGREE else ""
    if measure.kind == "key":
        scale = at(document, path.removesuffix("tonic") + "scale")
        return Fact(measure.label, f"{value} {scale}", path, measure.kind, doubt=doubt) if value and scale else None
    known = number(value)
    if known is None:
        return None
    return Fact(measure.label, f"{known:.1f} {measure.unit}", path, measure.kind, known, measure.unit, doubt=doubt)


def at(document: Mapping[str, Any], path: str) -> Any:
    """Gives what stands at a path of names in a document; None where nothing does."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def number(value: Any) -> float | None:
    """Gives a number as a float; None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
