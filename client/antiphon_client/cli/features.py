"""What essentia measured, in words: every number by its group, and the chords."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import Message

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2

_WIDTH = 100
_CHORDS_SHOWN = 24
_STEM_SHOWN = ("integrated_lufs", "onset_density_hz_mean", "syncopation", "rhythmic_complexity", "harmonic_movement")


def lines(features: essentia_pb2.Features) -> Iterator[tuple[str, str]]:
    """Yields (group, line) for every number that is there, the series aside; the names are the fields' own."""
    for descriptor, group in features.ListFields():
        if descriptor.name == "series":
            continue
        items = (item for field, value in group.ListFields() for item in _items(field.name, value))
        yield from _wrapped(descriptor.name, items)


def chords(features: essentia_pb2.Features) -> Iterator[tuple[str, str]]:
    """Yields the sequence of chords, each with its start; nothing where it was not asked for."""
    found = features.series.chords
    items = [f"{_clock(chord.start_seconds)} {chord.name}" for chord in found[:_CHORDS_SHOWN]]
    if len(found) > _CHORDS_SHOWN:
        items.append(f"and {len(found) - _CHORDS_SHOWN} more")
    yield from _wrapped("chords", items)


def stem(features: essentia_pb2.Features) -> str:
    """The few numbers that tell one stem from another, on a line."""
    shown = (
        f"{field.name} {_words(value)}" for field, value in features.stem.ListFields() if field.name in _STEM_SHOWN
    )
    return f"{features.stem.name}: {', '.join(shown) or 'nothing to measure'}"


def _wrapped(label: str, items: Iterable[str]) -> Iterator[tuple[str, str]]:
    # No break between a name and its number; what is longer than a line breaks anywhere.
    text = ", ".join(item.replace(" ", "\0") if len(item) < _WIDTH else item for item in items)
    for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield label, line.replace("\0", " ")
        label = ""


def _items(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str | int | float) or not isinstance(value[0], Message):
        yield f"{name} {_words(value)}"
        return
    for message in value:
        yield f"{name}: " + " ".join(_words(each) for _, each in message.ListFields())


def _words(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value) if isinstance(value, str | int) else f"[{' '.join(_words(each) for each in value)}]"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"
