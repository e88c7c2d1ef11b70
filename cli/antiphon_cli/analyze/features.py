"""What essentia measured, in words: every number by its group, and the chords."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from google.protobuf.message import Message

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2

LEGEND = "± is the field of the same name in _std; --json adds series, overview, chroma_kinds"
_GAP = "   "
_CHORDS_SHOWN = 24
_STEM_SHOWN = ("integrated_lufs", "onset_density_hz_mean", "syncopation", "rhythmic_complexity", "harmonic_movement")


def lines(features: essentia_pb2.Features, columns: int) -> Iterator[tuple[str, str]]:
    """Yields (group, line) for what is there, series and overview aside; the names are the fields' own.

    Args:
        features: Of the recording.
        columns: Of a line.

    A number has a cell of a grid, with its standard deviation; an array or a list of messages has lines of its own.
    """
    for descriptor, group in features.ListFields():
        if descriptor.name not in ("series", "overview"):
            label = descriptor.name
            for line in _group(group, columns):
                yield label, line
                label = ""


def chords(features: essentia_pb2.Features, columns: int) -> Iterator[tuple[str, str]]:
    """Yields the sequence of chords, each with its start; nothing where it was not asked for."""
    found = features.series.chords
    items = [f"{_clock(chord.start_seconds)} {chord.name}" for chord in found[:_CHORDS_SHOWN]]
    if len(found) > _CHORDS_SHOWN:
        items.append(f"and {len(found) - _CHORDS_SHOWN} more")
    label = "chords"
    for line in _wrapped(items, ", ", columns):
        yield label, line
        label = ""


def keys(found: Iterable[essentia_pb2.KeySegment], columns: int) -> list[str]:
    """Returns the keys of stretches, each with its start, in lines."""
    return _wrapped([f"{_clock(each.start_seconds)} {each.tonic} {each.scale}" for each in found], ", ", columns)


def tempos(found: Iterable[essentia_pb2.TempoSegment], columns: int) -> list[str]:
    """Returns the tempos of stretches, each with its start, in lines."""
    return _wrapped([f"{_clock(each.start_seconds)} {each.bpm:.1f} BPM" for each in found], ", ", columns)


def sections(features: essentia_pb2.Features, columns: int) -> list[str]:
    """Returns the sections, each with its start, in lines."""
    found = features.structure.sections
    return _wrapped([f"{_clock(each.start_seconds)} {each.label}" for each in found], ", ", columns)


def stem(features: essentia_pb2.Features) -> str:
    """Returns the few numbers that tell one stem from another, on a line."""
    shown = (
        f"{field.name} {_words(value)}" for field, value in features.stem.ListFields() if field.name in _STEM_SHOWN
    )
    return f"{features.stem.name}: {', '.join(shown) or 'nothing to measure'}"


def _group(group: Message, columns: int) -> Iterator[str]:
    values = {field.name: value for field, value in group.ListFields()}
    single = {name: value for name, value in values.items() if isinstance(value, str | int | float)}
    cells = []
    for name, value in single.items():
        root = name.removesuffix("_std")
        if root == name or f"{root}_mean" not in single:
            spread = single.get(f"{name.removesuffix('_mean')}_std") if name.endswith("_mean") else None
            cells.append((name, _words(value) if spread is None else f"{_words(value)} ± {_words(spread)}"))
    yield from _grid(cells, columns)
    for name, value in values.items():
        if name not in single:
            several = isinstance(value[0], Message)
            items = [_message(each) for each in value] if several else [_words(each) for each in value]
            shown = _wrapped(items, "; " if several else " ", columns - len(name) - 1)
            yield from (f"{name if first else ' ' * len(name)} {line}" for first, line in _first(shown))


def _grid(cells: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Cells in as many columns as fit, each read from top to bottom."""
    if not cells:
        return
    name, value = (max(len(cell[part]) for cell in cells) for part in (0, 1))
    columns = max(1, (width + len(_GAP)) // (name + 1 + value + len(_GAP)))
    rows = -(-len(cells) // columns)
    for row in range(rows):
        yield _GAP.join(f"{each[0]:<{name}} {each[1]:<{value}}" for each in cells[row::rows]).rstrip()


def _message(message: Message) -> str:
    """Its strings and numbers in a row; of arrays, those of names alone."""
    parts = []
    for field, value in message.ListFields():
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, int | float):
            parts.append(f"{field.name} {_words(value)}")
        elif all(isinstance(each, str) for each in value):
            parts.append(f"{field.name} {' '.join(value)}")
    return " ".join(parts)


def _wrapped(items: Iterable[str], separator: str, width: int) -> list[str]:
    # No break within an item; what is longer than a line breaks anywhere.
    text = separator.join(item.replace(" ", "\0") if len(item) < width else item for item in items)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _first(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    return ((index == 0, line) for index, line in enumerate(lines))


def _words(value: str | int | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"
