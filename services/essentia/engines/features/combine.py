"""Combines what was measured window by window into one answer for the whole, by the names of the fields.

A field that is in one window alone, or a recording of a single window, goes through as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from chassis.reports import WarningReport
from services.essentia.engines.features.values import Values

Name = TypeVar("Name")

# Tempos and pitches: the mean of 60 and 120 is a tempo that nobody heard.
LOWER_MEDIAN = ("bpm", "tuning", "f0_median", "yin_pitch_median")
# Of these the first window's is the whole's.
FIRST = ("first_beat_seconds",)
# Lists of keys, each with a margin to the first: those of most seconds are the whole's.
AS_THEY_ARE = ("key_candidates",)
# Lists of shares, each of which is 0 in a window where it is not told.
SHARES = ("chord_shares",)
# Names that mean something together: a tonic of one window and the scale of another would be a key that nobody heard.
KEY, SECOND_KEY, PROFILES_KEY = (
    ("key_tonic", "key_scale"),
    ("key_alternative_tonic", "key_alternative_scale"),
    ("tonic", "scale"),
)


def groups(windows: Sequence[tuple[float, Mapping[str, object]]]) -> Values:
    """Combines the values of one group.

    Counts (int) are summed; names and other strings, and the lists of messages without a name of their own, are those
    of the most seconds; tempos and medians are the lower median; everything else is the mean weighted by seconds, _std
    being pooled with its _mean.

    Args:
        windows: (seconds, values) in order.
    """
    known = [(seconds, values) for seconds, values in windows if values]
    if len(known) < 2:
        return Values(known[0][1] if known else {})
    combined = Values()
    keys = _keys(known)
    for name in dict.fromkeys(name for _, values in known for name in values):
        if name in keys:
            combined[name] = keys[name]
            continue
        having = [(seconds, values[name]) for seconds, values in known if name in values]
        combined[name] = _combine(name, having, known)
    return combined


def series(windows: Sequence[tuple[float, Mapping[str, object]]]) -> Values:
    """Joins time series: (start, values) in order. What ends in _seconds, in messages too, is moved."""
    joined = Values()
    for start, values in windows:
        for name, value in values.items():
            before = joined.get(name, ())
            if isinstance(before, tuple) and isinstance(value, tuple):
                joined[name] = (*before, *_moved(name, value, start))
    return joined


def warnings(windows: Sequence[Sequence[WarningReport]]) -> list[WarningReport]:
    """Makes one warning for each reason and field, which says in how many windows it was found."""
    found: dict[tuple[str, str], list[WarningReport]] = {}
    for window in windows:
        for warning in window:
            found.setdefault((warning.reason, warning.field), []).append(warning)
    if len(windows) < 2:
        return [each[0] for each in found.values()]
    return [
        replace(each[0], message=f"in {len(each)} of {len(windows)} windows: {each[0].message}")
        for each in found.values()
    ]


def _combine(
    name: str, having: list[tuple[float, object]], known: Sequence[tuple[float, Mapping[str, object]]]
) -> object:
    values = [value for _, value in having]
    first = values[0]
    if isinstance(first, str):
        return _most(having)
    if isinstance(first, int):
        return sum(value for value in values if isinstance(value, int))
    if isinstance(first, tuple) and name in SHARES:
        return _shares(having)
    if isinstance(first, tuple):
        return max(having, key=lambda each: each[0])[1] if name in AS_THEY_ARE else _lists(having)
    numbers = [(seconds, value) for seconds, value in having if isinstance(value, float)]
    if name in FIRST:
        return first
    if name.startswith(LOWER_MEDIAN) and not name.endswith(("_agreement", "_weight", "_spread", "_cents")):
        ordered = sorted(value for _, value in numbers)
        return ordered[(len(ordered) - 1) // 2]
    if name.endswith("_std"):
        return _pooled(name, known)
    return _mean(numbers)


def _lists(having: list[tuple[float, object]]) -> object:
    lists = [(seconds, value) for seconds, value in having if isinstance(value, tuple) and value]
    if not lists:
        return ()
    longest = max(lists, key=lambda each: each[0])[1]
    if not isinstance(longest[0], Mapping):
        rows = [(seconds, value) for seconds, value in lists if len(value) == len(longest)]
        if any(isinstance(number, str) for _, value in rows for number in value):
            return longest
        weights = [seconds for seconds, _ in rows]
        mean = np.average(np.array([value for _, value in rows], np.float64), axis=0, weights=weights)
        return tuple(float(number) for number in mean)
    label = next((key for key, value in longest[0].items() if isinstance(value, str)), None)
    if label is None:
        return longest
    by_label: dict[object, list[tuple[float, Mapping[str, object]]]] = {}
    for seconds, messages in lists:
        for message in messages:
            by_label.setdefault(message.get(label), []).append((seconds, message))
    return tuple(dict(groups(messages)) for messages in by_label.values())


def _shares(having: list[tuple[float, object]]) -> tuple[dict[str, object], ...]:
    total = sum(seconds for seconds, _ in having)
    found: dict[object, float] = {}
    for seconds, value in having:
        for message in value if isinstance(value, tuple) else ():
            found[message["name"]] = found.get(message["name"], 0.0) + seconds * message["share"] / total
    return tuple({"name": name, "share": found[name]} for name in sorted(found, key=lambda name: -found[name]))


def _most(having: Sequence[tuple[float, Name]]) -> Name:
    votes: dict[Name, float] = {}
    for seconds, value in having:
        votes[value] = votes.get(value, 0.0) + seconds
    return max(votes, key=lambda value: votes[value])


def _keys(known: Sequence[tuple[float, Mapping[str, object]]]) -> dict[str, object]:
    """The keys of most seconds; the second is of most seconds among all others, whether first or second in a window."""
    first, second, profiles = (_pairs(known, names) for names in (KEY, SECOND_KEY, PROFILES_KEY))
    found: dict[str, object] = {}
    if profiles:
        found.update(zip(PROFILES_KEY, _most(profiles), strict=True))
    if first:
        chosen = _most(first)
        found.update(zip(KEY, chosen, strict=True))
        others = [(seconds, pair) for seconds, pair in (*first, *second) if pair != chosen]
        if others:
            found.update(zip(SECOND_KEY, _most(others), strict=True))
    return found


def _pairs(
    known: Sequence[tuple[float, Mapping[str, object]]], names: tuple[str, str]
) -> list[tuple[float, tuple[object, object]]]:
    return [(seconds, (values[names[0]], values[names[1]])) for seconds, values in known if set(names) <= set(values)]


def _mean(numbers: list[tuple[float, float]]) -> float:
    total = sum(seconds for seconds, _ in numbers)
    return sum(seconds * value for seconds, value in numbers) / total


def _pooled(name: str, known: Sequence[tuple[float, Mapping[str, object]]]) -> float:
    mean_name = name.removesuffix("_std") + "_mean"
    spreads: list[tuple[float, float]] = []
    means: list[tuple[float, float]] = []
    for seconds, values in known:
        spread, mean = values.get(name), values.get(mean_name)
        if isinstance(spread, float):
            spreads.append((seconds, spread**2))
            if isinstance(mean, float):
                means.append((seconds, mean))
    between = _mean([(seconds, (mean - _mean(means)) ** 2) for seconds, mean in means]) if means else 0.0
    return math.sqrt(_mean(spreads) + between)


def _moved(name: str, value: tuple[object, ...], start: float) -> tuple[object, ...]:
    if value and isinstance(value[0], Mapping):
        return tuple(
            {
                key: each + start if key.endswith("_seconds") and isinstance(each, float) else each
                for key, each in item.items()
            }
            for item in value
            if isinstance(item, Mapping)
        )
    if name.endswith("_seconds"):
        return tuple(each + start for each in value if isinstance(each, float))
    return value
