"""Units of measurement as texts write them, and which of them can be turned into which."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A unit: its symbol, what it measures, and how many of the first unit of that one of it is."""

    symbol: str
    measures: str
    factor: float = 1.0


_UNITS: dict[Unit, tuple[str, ...]] = {
    Unit("s", "time"): ("s", "sec", "secs", "second", "seconds"),
    Unit("ms", "time", 1e-3): ("ms", "millisecond", "milliseconds"),
    Unit("min", "time", 60.0): ("min", "mins", "minute", "minutes"),
    Unit("h", "time", 3600.0): ("h", "hour", "hours"),
    Unit("Hz", "frequency"): ("hz", "hertz"),
    Unit("kHz", "frequency", 1e3): ("khz", "kilohertz"),
    Unit("BPM", "tempo"): ("bpm",),
    Unit("beats/s", "tempo", 60.0): ("beats per second", "beats a second"),
    Unit("LUFS", "loudness"): ("lufs", "lkfs"),
    Unit("LU", "difference of loudness"): ("lu",),
    Unit("dBFS", "level"): ("dbfs",),
    Unit("dBTP", "true peak"): ("dbtp",),
    Unit("dB", "any level"): ("db", "decibel", "decibels"),
    Unit("%", "share", 1e-2): ("%", "percent", "per cent"),
}
_BY_WORD = {word: unit for unit, words in _UNITS.items() for word in words}
_DECIBELS = frozenset(["loudness", "difference of loudness", "level", "true peak"])
SECONDS = _BY_WORD["s"]

PATTERN = rf"(?:{'|'.join(re.escape(word) for word in sorted(_BY_WORD, key=len, reverse=True))})(?!\w)"
"""Matches a unit in a text, in any case."""


def unit(word: str) -> Unit | None:
    """Finds the unit that a word names, in any case; None where it names none."""
    return _BY_WORD.get(" ".join(word.lower().split()))


def unit_of_field(path: str) -> Unit | None:
    """Gives the unit that the last part of a field's name says; None where it says none.

    >>> unit_of_field("signal.duration_seconds").symbol, unit_of_field("rhythm.bpm")
    ('s', None)
    """
    name = path.rpartition(".")[2].lower()
    return unit(name.rpartition("_")[2]) if "_" in name else None


def factor(stated: Unit | None, known: Unit | None) -> float | None:
    """Gives the factor from numbers in ``stated`` to numbers in ``known``; None where they measure different things.

    >>> factor(unit("kHz"), unit("hertz")), factor(unit("dB"), unit("LUFS")), factor(unit("s"), unit("Hz"))
    (1000.0, 1.0, None)

    A number without a unit is taken to be in the other one's, since nobody can tell; a share without one is of 1. Plain
    decibels are those of any level.
    """
    if stated is None or known is None:
        return 1.0
    if stated.measures == known.measures:
        return stated.factor / known.factor
    if {stated.measures, known.measures} - _DECIBELS == {"any level"}:
        return 1.0
    return None
