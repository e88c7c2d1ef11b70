"""Cuts what was found into steps of some seconds: how a recording changes in time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import ebu, grid
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import Values, decibels


def steps(sheet: Sheet, series: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Makes a mapping for each step of the request's series_window_seconds, by the field names of WindowFeatures.

    Args:
        sheet: Of the whole, with the tracks that the parts kept.
        series: Joined time series, for beats and onsets.
    """
    length = sheet.request.series_window_seconds
    found = []
    for index in range(max(1, int(np.ceil(sheet.seconds / length - 1e-9)))):
        start, end = index * length, min((index + 1) * length, sheet.seconds)
        step = Values(start_seconds=float(start), end_seconds=float(end))
        power = _mean(sheet, "weighted_power", start, end)
        step.put("loudness_lufs", None if power is None else ebu.lufs(power))
        power = _mean(sheet, "mono_power", start, end)
        step.put("rms_dbfs", None if power is None else decibels(power**0.5))
        for name in ("centroid_hz", "flux", "flatness_ratio"):
            step.put(f"{name}_mean", _mean(sheet, name, start, end))
        if "rhythm" in sheet.request.groups:
            _put_rhythm(step, series, start, end)
        found.append(dict(step))
    return tuple(found)


def _put_rhythm(step: Values, series: Mapping[str, object], start: float, end: float) -> None:
    # A missing list of onsets is one of none; whether any could be found the group says.
    step.put("onset_rate_hz", _within(series, "onset_seconds", start, end).size / (end - start))
    beats = _within(series, "beat_seconds", start, end)
    if beats.size > 2:
        # A line through the beats is exact; from beat to beat the tempo comes in steps of the tracker's frames.
        steady = grid.steady_bpm(beats)
        step.put("bpm", 60 / float(np.median(np.diff(beats))) if steady is None else steady)


def _within(series: Mapping[str, object], name: str, start: float, end: float) -> NDArray[np.float64]:
    times = np.asarray(series.get(name, ()), np.float64)
    return times[(times >= start) & (times < end)]


def _mean(sheet: Sheet, name: str, start: float, end: float) -> float | None:
    track = sheet.tracks.get(name)
    if track is None:
        return None
    first, last = (round(seconds / track.step_seconds) for seconds in (start, end))
    values = track.values[first:last]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else None
