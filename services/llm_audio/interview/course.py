"""What a recording does on its way: mode, changes of key and tempo, chords, form; and whether it sounds at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from services.llm_audio.contract import Fact
from services.llm_audio.interview.measured import at, number

NOTHING: Mapping[str, str] = {
    "AUDIO_SILENT": "silent",
    "AUDIO_INFRASONIC": "without anything that can be heard",
    "AUDIO_CONSTANT": "without anything that can be heard",
    "AUDIO_FAINT": "all but silent",
    "LOUDNESS_BELOW_GATE": "all but silent",
    "AUDIO_CLICKS": "nothing but clicks",
    "AUDIO_STEADY": "a single sound that stays the same",
}
"""Reasons for which there is nothing to tell of a recording, the worst first, and what it is then."""

_QUIET = ("AUDIO_SILENT", "AUDIO_INFRASONIC", "AUDIO_CONSTANT", "LOUDNESS_BELOW_GATE")
"""Those that essentia says of a stretch too; they are of the whole where it has no loudness."""
_WARNINGS = "essentia.summary.warnings"
_LOUDNESS = "essentia.features.loudness.integrated_lufs"
_SWING = "essentia.features.rhythm.swing_ratio"
SWINGS = 1.3
"""From here on the first half of a beat is so much longer than the second that it swings; 2 are triplets."""
METERS: Mapping[str, str] = {"2": "2/4", "3": "3/4", "4": "4/4", "6": "6/8"}
"""Beats a bar, and how musicians write it."""
_MODES = ("dorian", "phrygian", "lydian", "mixolydian")
"""Modes other than what is meant by major and minor anyway."""
_CHORDS = "essentia.features.tonal.chord_shares"
_SECTIONS = "essentia.features.structure.sections"
_MOST_CHANGES = 12


def course(document: Mapping[str, Any]) -> Iterator[Fact]:
    """Yields what is known of these, as far as ``document`` has it."""
    yield from _peak(document)
    yield from _meter(document)
    yield from _mode(document)
    yield from _changes(document)
    yield from _tempos(document)
    shares = {str(row.get("name", "")): number(row.get("share")) or 0.0 for row in _rows(document, _CHORDS)}
    chords = sorted(((name, share) for name, share in shares.items() if name), key=lambda each: -each[1])
    if chords:
        yield Fact("chords", ", ".join(name for name, _ in chords), _CHORDS, items=tuple(chords))
    letters = [str(row["label"]) for row in _rows(document, _SECTIONS) if row.get("label")]
    if len(letters) > 1:
        yield Fact("form", "".join(letters), _SECTIONS, items=tuple((letter, 1.0) for letter in letters))
        yield Fact("sections", str(len(letters)), _SECTIONS, "number", float(len(letters)))
        kinds = len(set(letters))
        yield Fact("different sections", str(kinds), _SECTIONS, "number", float(kinds))


def nothing(document: Mapping[str, Any]) -> str | None:
    """Gives the reason, out of NOTHING, why there is nothing to tell of by essentia's warnings; None where there is."""
    told = {(str(row.get("reason", "")), str(row.get("field", ""))) for row in _rows(document, _WARNINGS)}
    heard = number(at(document, _LOUDNESS)) is not None
    found = {reason for reason, field in told if field == "tag_sets" or not heard or reason not in _QUIET}
    return next((reason for reason in NOTHING if reason in found), None)


def nothing_for(reason: str) -> Fact:
    """Says what a recording is of which there is nothing to tell for a reason out of NOTHING."""
    return Fact("sound", NOTHING[reason], _WARNINGS)


def _peak(document: Mapping[str, Any]) -> Iterator[Fact]:
    for path in ("fusion.loudness.true_peak_dbtp", "essentia.features.loudness.true_peak_dbtp"):
        peak = number(at(document, path))
        if peak is not None:
            yield Fact("true peak", f"{peak:.1f} dBTP", path, "number", peak, "dBTP")
            return


def _meter(document: Mapping[str, Any]) -> Iterator[Fact]:
    """Yields the meter as musicians write it, and that the beats swing."""
    for path in ("fusion.tempo.meter", "essentia.features.rhythm.meter"):
        # A count is a text in the JSON of a message.
        meter = METERS.get(str(at(document, path)))
        if meter:
            yield Fact("meter", meter, path)
            break
    ratio = number(at(document, _SWING))
    if ratio is not None and ratio >= SWINGS:
        yield Fact("swing ratio", f"{ratio:.1f}", _SWING, "number", ratio)


def _mode(document: Mapping[str, Any]) -> Iterator[Fact]:
    for path in ("fusion.key.mode", "essentia.features.tonal.key_mode"):
        mode = at(document, path)
        if mode in _MODES:
            yield Fact("mode", str(mode), path)
            return


def _changes(document: Mapping[str, Any]) -> Iterator[Fact]:
    """Yields the key of each stretch, where it changes, and when each but the first begins."""
    for path in ("fusion.key.segments", "essentia.features.tonal.key_segments"):
        rows = [row for row in _rows(document, path) if row.get("tonic") and row.get("scale")]
        keys = [f"{row['tonic']} {row['scale']}" for row in rows]
        rows = [row for row, (one, other) in zip(rows, itertools.pairwise(["", *keys]), strict=True) if one != other]
        if not 1 < len(rows) <= _MOST_CHANGES:
            continue
        for index, row in enumerate(rows):
            yield Fact("key of a stretch", f"{row['tonic']} {row['scale']}", f"{path}[{index}]", "key")
            start = number(row.get("start_seconds"))
            if index and start is not None:
                text = f"{start:.1f} seconds"
                yield Fact("change of key", text, f"{path}[{index}]", "number", start, "seconds")
        return


def _tempos(document: Mapping[str, Any]) -> Iterator[Fact]:
    """Yields the tempo of each stretch, where it changes, and when each but the first begins."""
    for path in ("fusion.tempo.segments", "essentia.features.rhythm.tempo_segments"):
        rows = _rows(document, path)
        told = [(number(row.get("bpm")), number(row.get("start_seconds"))) for row in rows]
        if not 1 < len(told) <= _MOST_CHANGES:
            continue
        for index, (bpm, start) in enumerate(told):
            if bpm is not None:
                yield Fact("tempo of a stretch", f"{bpm:.1f} BPM", f"{path}[{index}]", "tempo", bpm, "BPM")
            if index and start is not None:
                text = f"{start:.1f} seconds"
                yield Fact("change of tempo", text, f"{path}[{index}]", "number", start, "seconds")
        return


def _rows(document: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    value = at(document, path)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
