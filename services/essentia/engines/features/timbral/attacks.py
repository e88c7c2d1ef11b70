"""Finds the beginnings of sounds and how they rise: envelope, onset strength, onsets, attack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import BATCH

# librosa's defaults for onsets, which the models take: samples, and bands from 0 Hz up.
FRAME, HOP = 2048, 512
MEL_BANDS = 128
# dB below the loudest band that count as silence, also librosa's.
RANGE_DB = 80
# 10 ms, for which the envelope holds a peak; s, in which it falls from the recording's greatest value to nothing.
HOLD_SAMPLES, DECAY_SECONDS = 441, 0.1
# A sound that starts with the recording has an onset too: silence goes before it. One sample more than a frame of the
# models' spectrum, as in theirs.
LEAD = 4097
# Samples: 20 ms in which a lower point of the envelope is looked for, and 300 ms in which a dip is forgiven.
LOOK_BACK, LOOK_FAR = round(0.02 * SAMPLE_RATE), round(0.3 * SAMPLE_RATE)
# Share of the envelope's range that a rise must have to be one, or a dip to part two sounds.
LEAST_RISE = 0.1
# Samples, 0.1 s: of two onsets that are nearer the earlier one counts.
LEAST_APART = round(0.1 * SAMPLE_RATE)
# dB of mean rise that a sound must have somewhere to have begun at all.
LEAST_STRENGTH_DB = 3.0
# Least effort (Peeters 2004): the rise is cut into so many steps of level, and belongs to the attack while a step takes
# less than so many times the mean.
STEPS, EFFORT = 8, 3
# s; the models call no attack longer.
LONGEST_SECONDS = 0.1
# Peaks as librosa picks them: the greatest of three frames (this one and two before), above the mean of eight before to
# eight after by this share of the range, and more than two frames after the last.
NEAR, AROUND, ABOVE, APART = 2, 8, 0.07, 2


@dataclass(frozen=True)
class Onsets:
    """Onsets of a recording that LEAD samples of silence go before.

    Attributes:
        starts: Samples, ascending; [0] where there is none.
        envelope: float32, of the samples with the lead.
        strength: Rise of the mel spectrum (dB), one number every HOP samples of the samples with the lead.
    """

    starts: tuple[int, ...]
    envelope: Samples
    strength: NDArray[np.float64]

    def spans(self) -> list[slice]:
        """Cuts from each onset to the next, the last to the end."""
        ends = (*self.starts[1:], None)
        return [slice(start, end) for start, end in zip(self.starts, ends, strict=True)]


def find(samples: Samples) -> Onsets:
    """Finds the onsets of a recording."""
    led = np.pad(samples, (LEAD, 0))
    envelope, strength = follow(led), onset_strength(led)
    found = _correct(_pick(strength) * HOP, envelope, strength)
    # A single onset is the start of all there is.
    return Onsets(tuple(found) if len(found) > 1 else (0,), envelope, strength)


def follow(samples: Samples) -> Samples:
    """Follows the envelope: it rises at once, holds for 10 ms and falls in a straight line, by the peak in 0.1 s."""
    held = np.abs(samples)
    # Van Herk's way: a running maximum of n samples is the greater of two maxima that run within blocks of n, at a cost
    # that does not depend on n.
    # The greatest of the last 442 samples, by runs of that length from the left and from the right.
    width = HOLD_SAMPLES + 1
    rows = np.pad(held, (0, -held.size % width)).reshape(-1, width)
    left = np.maximum.accumulate(rows, axis=1).ravel()[: held.size]
    right = np.maximum.accumulate(rows[:, ::-1], axis=1)[:, ::-1].ravel()[: held.size]
    held[:HOLD_SAMPLES] = left[:HOLD_SAMPLES]
    np.maximum(left[HOLD_SAMPLES:], right[: held.size - HOLD_SAMPLES], out=held[HOLD_SAMPLES:])
    fall = float(held.max()) / (DECAY_SECONDS * SAMPLE_RATE)
    slope = np.arange(held.size) * fall
    # A value that falls by ``fall`` a sample is a constant once so much is added for each sample: the greatest so far.
    falling = slope + held
    np.maximum.accumulate(falling, out=falling)
    falling -= slope
    return falling.astype(np.float32)


def onset_strength(samples: Samples) -> NDArray[np.float64]:
    """Gives the mean rise (dB) of 128 mel bands from frame to frame, 2048 samples every 512, as librosa counts it."""
    padded = np.pad(samples, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    weights = _mel_weights()
    bands = np.empty((len(frames), MEL_BANDS), np.float32)
    for start in range(0, len(frames), BATCH):
        spectra = np.fft.rfft(frames[start : start + BATCH] * window)
        bands[start : start + BATCH] = (np.square(spectra.real) + np.square(spectra.imag)) @ weights
    levels = 10 * np.log10(np.maximum(bands, 1e-10))
    np.maximum(levels, levels.max() - RANGE_DB, out=levels)
    rise = np.maximum(np.diff(levels, axis=0), 0).mean(1)
    # A rise is known one frame late, and librosa moves it on by half a frame more, since its frames are centred.
    late = FRAME // (2 * HOP) + 1
    return np.pad(rise, (late, 0)).astype(np.float64)[: len(frames)]


def attack(envelope: Samples) -> tuple[float, int] | None:
    """Finds a sound's attack by least effort: (common logarithm of seconds, first sample); None without a rise."""
    peak = int(envelope.argmax())
    if peak == 0:
        return None
    before = envelope[:peak]
    lowest = int(np.flatnonzero(before == before.min())[-1])
    rise = envelope[lowest : peak + 1]
    low, high = float(rise.min()), float(rise.max())
    levels = low + np.linspace(1 / (STEPS + 2), 1 - 1 / (STEPS + 2), STEPS + 1) * (high - low)
    # The envelope up to its peak only rises where it matters: the first place at or above each level.
    crossings = np.searchsorted(np.maximum.accumulate(rise), levels.astype(np.float32))
    effort = np.diff(crossings)
    limit = effort.mean() * EFFORT
    first = int(np.argmax(effort <= limit))
    more = effort[first:] >= limit
    last = first + (int(np.argmax(more)) or len(more) - 1)
    start, end = int(crossings[first]), int(crossings[last])
    if start == end:
        start, end = int(crossings[0]), int(crossings[-1])
    samples = end - start + 1 if end > start else 1
    seconds = min(samples, int(LONGEST_SECONDS * SAMPLE_RATE) + 1) / SAMPLE_RATE
    return float(np.log10(seconds)), start + lowest


@cache
def _mel_weights() -> NDArray[np.float32]:
    """Slaney's mel triangles of equal area, (1025, 128), 0 Hz to the Nyquist frequency."""
    # Slaney's scale: 15 mel up to 1 kHz, 3 to each 200 Hz; then 27 mel to every factor of 6.4.
    linear, per_octave = 3 / 200, 27 / np.log(6.4)
    top = 15 + per_octave * np.log(SAMPLE_RATE / 2 / 1000)
    mels = np.linspace(0, top, MEL_BANDS + 2)
    edges = np.where(mels < 15, mels / linear, 1000 * np.exp((mels - 15) / per_octave))
    bins = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)[:, None]
    up = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0, np.minimum(up, down)) * 2 / (edges[2:] - edges[:-2]), np.float32)


def _pick(strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Frames of onsets: peaks well above their surroundings, each moved back to where the strength begins to rise."""
    low, high = float(strength.min()), float(strength.max())
    if high <= low:
        return np.empty(0, np.int64)
    level = (strength - low) / (high - low)
    greatest = np.pad(level, (NEAR, 0), constant_values=-np.inf)
    greatest = np.maximum(np.maximum(greatest[:-2], greatest[1:-1]), greatest[2:])
    sums = np.concatenate(([0.0], np.cumsum(level)))
    places = np.arange(level.size)
    first, end = np.maximum(places - AROUND, 0), np.minimum(places + AROUND + 1, level.size)
    mean = (sums[end] - sums[first]) / (end - first)
    minima = np.flatnonzero((level[1:-1] <= level[:-2]) & (level[1:-1] < level[2:])) + 1
    minima = np.concatenate(([0], minima))
    found: list[int] = []
    last = -APART - 1
    for place in np.flatnonzero((level >= greatest) & (level >= mean + ABOVE)):
        if place - last > APART:
            last = int(place)
            found.append(int(minima[np.searchsorted(minima, place, side="right") - 1]))
    return np.array(found, np.int64)


def _correct(found: NDArray[np.int64], envelope: Samples, strength: NDArray[np.float64]) -> list[int]:
    """Moves picked onsets (samples) to where their sounds begin, and leaves out weak and doubled ones."""
    reach = float(envelope.max() - envelope.min())
    starts: list[int] = []
    for place in found:
        # One that is picked within the last frame has no sound after it, unless it is the only one.
        if starts and place + HOP - 1 >= envelope.size:
            continue
        start = _begin(int(place), envelope, LEAST_RISE * reach) if place > 0 else 0
        if start not in starts and (start or not starts):
            starts.append(start)
    starts = (
        [start for start, end in _pairs(starts) if _rises(envelope[start:end], LEAST_RISE * reach)]
        if len(starts) > 1
        else starts
    )
    starts.sort()
    apart: list[int] = []
    for start in starts:
        if not apart or start - apart[-1] >= LEAST_APART:
            apart.append(start)
    return [start for start, end in _pairs(apart) if _strong(strength, start, end)]


def _pairs(starts: list[int]) -> list[tuple[int, int | None]]:
    return list(zip(starts, (*starts[1:], None), strict=True)) if starts else []


def _rises(span: Samples, least: float) -> bool:
    peak = int(span.argmax()) if span.size > 1 else 0
    return peak > 0 and float(span[peak] - span[:peak].min()) >= least


def _strong(strength: NDArray[np.float64], start: int, end: int | None) -> bool:
    span = strength[start // HOP : None if end is None else max(end // HOP, start // HOP + 1)]
    return bool(span.size and span.max() >= LEAST_STRENGTH_DB)


def _begin(place: int, envelope: Samples, least: float) -> int:
    """Goes back from ``place`` to where the envelope no longer falls backwards; 0 where it falls to the very start."""
    while True:
        near = max(0, place - LOOK_BACK - 1)
        before = envelope[near:place]
        if not before.size:
            return 0
        lowest = int(before.argmin())
        if before[lowest] <= envelope[place]:
            place = near + lowest
            if place <= LEAD - 1:
                return 0
            continue
        far = max(0, place - LOOK_FAR - 1)
        before = envelope[far:place]
        lower = np.flatnonzero(before < envelope[place])
        if not lower.size:
            return place
        between = before[lower[-1] :]
        if float(between.max() - between.min()) >= least:
            return place
        place = far + int(lower[-1])
        if place < LEAD - 1:
            return 0
