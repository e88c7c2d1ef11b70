"""Holds a grid of beats against the sound: on the strokes and not between them, and nowhere that nothing sounds.

A tracker finds the period of the music and draws a grid by it; which of the strokes the grid lies on is a second
question, and one that it gets wrong where hi-hats between the beats rise more than the drums on them.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import SILENT_PEAK, Samples

Seconds = NDArray[np.float64]

# Below this is the bass drum, and up to the next the body of snares, chords and voices; what is above marks time
# between the beats as often as on them, and has no say.
BASS_HZ, BODY_HZ = 200.0, 3000.0
# A stroke is looked for so near to its place.
NEAR_SECONDS = 0.035
# Between the beats must rise so much more than on them before the grid is moved: rendered songs have less than 0.4
# there where the grid is right, and 2 and more where it is half a beat off.
MOVES = 1.4
# Mean strength, of 1 for the strongest strokes, below which a grid lies beside the strokes altogether.
HARDLY = 0.4
# A stroke above half of the strongest is clear, and is the beat's own where it is so near.
CLEAR, AROUND_SECONDS = 0.5, 0.06
# What lies so far below the loudest moment of the recording (-60 dB) is silence to a listener.
SILENCE = 1e-3
STEP_SECONDS = 0.01
PAUSE_BEATS = 3
# A beat is struck where the greatest rise up to the next is so much of what is usual.
STRUCK = 0.25
# Beats may miss a straight line by so much in the middle, and be left out of it beyond three times that, while the
# tempo is still called steady; and so many of them must be on it.
STRAIGHT_SECONDS, ON_THE_LINE = 0.015, 0.8
FEWEST_FOR_A_LINE = 6
# A train's strokes come as evenly as this share of their interval, and are as like as this cosine says.
UNEVEN, ALIKE = 0.05, 0.95


def held(
    beats: Seconds,
    mono: Samples,
    rise: NDArray[np.float32],
    centres_hz: NDArray[np.float64],
    rate: float,
    in_phase: bool = False,
) -> Seconds:
    """Gives the beats straightened, on the strokes, and only where something sounds; see the functions for each.

    Those that are in phase are moved by no more than the few milliseconds that they are early or late.
    """
    # What was drawn into silence would keep a line from being found.
    straight = straightened(where_it_sounds(beats, mono))
    placed = where_it_sounds(on_strokes(straight, rise, centres_hz, rate, in_phase), mono)
    return while_struck(placed, rise, rate)


def on_strokes(
    beats: Seconds,
    rise: NDArray[np.float32],
    centres_hz: NDArray[np.float64],
    rate: float,
    in_phase: bool = False,
) -> Seconds:
    """Moves the grid where the strokes of bass and body are not where it lies: by half a beat, or where there is hardly
    a stroke on either, by the eighth that has the strongest; and by the few milliseconds that it is early or late.

    Args:
        beats: Ascending, seconds.
        rise: (frames, bands), dB, how much each band rises, ``rate`` frames a second.
        centres_hz: (bands,), the bands' frequencies.
        rate: Frames a second.
        in_phase: Whether they are known to lie on the right strokes, but for those milliseconds.
    """
    if len(beats) < 3:
        return beats
    strength = np.zeros(len(rise))
    for region in (centres_hz < BASS_HZ, (centres_hz >= BASS_HZ) & (centres_hz < BODY_HZ)):
        rises = rise[:, region].mean(1, dtype=np.float64)
        # Each region counts by its own strongest strokes, whatever their level.
        strength += rises / max(2 * float(np.percentile(rises, 99)), 1e-9)
    found = {share: float(_near(strength, _moved(beats, share), rate).mean()) for share in (0.0, 0.5)}
    if max(found.values()) < HARDLY:
        for share in np.arange(1, 8) / 8:
            found[float(share)] = float(_near(strength, _moved(beats, float(share)), rate).mean())
    best = max(found, key=lambda share: found[share])
    if in_phase or found[best] <= MOVES * found[0.0]:
        best = 0.0
    length = len(rise) / rate
    moved = np.concatenate(([beats[0] - (beats[1] - beats[0]) * (1 - best)] if best else [], _moved(beats, best)))
    moved = moved + _lateness(strength, moved, rate)
    return np.asarray(moved[(moved >= 0) & (moved < length)])


def where_it_sounds(beats: Seconds, mono: Samples) -> Seconds:
    """Leaves out the beats of a stretch in which nothing sounds: any at the ends, and PAUSE_BEATS or more between.

    Args:
        beats: Ascending, seconds.
        mono: (samples,) at SAMPLE_RATE.
    """
    if len(beats) < 2:
        return beats
    step = round(STEP_SECONDS * SAMPLE_RATE)
    peaks = np.abs(mono[: len(mono) // step * step]).reshape(-1, step).max(1)
    sounds = np.concatenate(([0], np.cumsum(peaks > max(SILENT_PEAK, SILENCE * float(peaks.max(initial=0))))))
    borders = np.append(beats, beats[-1] + (beats[-1] - beats[-2])) - NEAR_SECONDS
    places = np.clip(np.round(borders / STEP_SECONDS).astype(int), 0, len(peaks))
    heard = sounds[places[1:]] > sounds[places[:-1]]
    # Numbers of the beats that are heard, and of the ends; what lies between two of them is silent.
    marks = np.concatenate(([-1], np.flatnonzero(heard), [len(beats)]))
    kept = heard.copy()
    for before, after in itertools.pairwise(marks):
        if before >= 0 and after < len(beats) and after - before <= PAUSE_BEATS:
            kept[before:after] = True
    return np.asarray(beats[kept])


def while_struck(beats: Seconds, rise: NDArray[np.float32], rate: float) -> Seconds:
    """Leaves out the beats at both ends from each of which to the next nothing is struck: what rings on keeps no time.

    Args:
        beats: Ascending, seconds.
        rise: (frames, bands), dB, ``rate`` frames a second.
        rate: Frames a second.
    """
    if len(beats) < FEWEST_FOR_A_LINE:
        return beats
    strength = rise.mean(1, dtype=np.float64)
    borders = np.append(beats, beats[-1] + (beats[-1] - beats[-2])) - NEAR_SECONDS
    frames = np.clip(np.round(borders * rate).astype(int), 0, len(strength) - 1)
    strokes = np.array([strength[start : end + 1].max() for start, end in itertools.pairwise(frames)])
    struck = np.flatnonzero(strokes >= STRUCK * np.median(strokes))
    return beats[struck[0] : struck[-1] + 1]


def straightened(beats: Seconds) -> Seconds:
    """Puts onto the line those beats of a steady tempo that stray from it, as a tracker's first ones do."""
    line = _line(beats)
    if line is None:
        return beats
    start, period = line
    numbers = np.arange(round((beats[0] - start) / period), round((beats[-1] - start) / period) + 1)
    places = start + period * numbers
    nearest = beats[np.abs(beats[:, None] - places).argmin(0)]
    straight = np.where(np.abs(nearest - places) <= NEAR_SECONDS, nearest, places)
    return np.asarray(straight[straight >= 0])


def steady_bpm(beats: Seconds) -> float | None:
    """Gives the tempo by a straight line through the beats; None where they do not lie on one.

    A line of n beats knows their period to about the error of one beat over n^(3/2): far more exactly than any two of
    them. Beats that were missed leave a gap of whole periods; beats that stand aside are left out.
    """
    line = _line(beats)
    return None if line is None else 60 / line[1]


def _line(beats: Seconds) -> tuple[float, float] | None:
    """Start and period (s) of the line that most of the beats lie on; None where they lie on none."""
    if len(beats) < FEWEST_FOR_A_LINE:
        return None
    intervals = np.diff(beats)
    numbers = np.concatenate(([0.0], np.cumsum(np.round(intervals / np.median(intervals)))))
    kept = np.ones(len(beats), bool)
    middle = period = start = 0.0
    for _ in range(4):
        period, start = (float(each) for each in np.polyfit(numbers[kept], beats[kept], 1))
        errors = np.abs(beats - (start + period * numbers))
        middle = float(np.median(errors))
        kept = errors <= max(3 * middle, STRAIGHT_SECONDS)
    if middle > STRAIGHT_SECONDS or kept.mean() < ON_THE_LINE or not period > 0:
        return None
    return start, period


def train_bpm(onsets: Seconds, rise: NDArray[np.float32], rate: float) -> float | None:
    """Gives the tempo of a train of equal strokes, such as a metronome's; None where the onsets are none.

    In music that keeps time evenly the strokes still differ: a drum on the beat, a hi-hat between. Of a train each
    stroke is like the one before, in every band.

    Args:
        onsets: Ascending, seconds.
        rise: (frames, bands), dB, ``rate`` frames a second.
        rate: Frames a second.
    """
    intervals = np.diff(onsets)
    if len(intervals) < FEWEST_FOR_A_LINE or intervals.std() > UNEVEN * intervals.mean():
        return None
    reach = max(1, round(NEAR_SECONDS * rate))
    frames = np.clip(np.round(onsets * rate).astype(int), 0, len(rise) - 1)
    near = np.clip(frames[:, None] + np.arange(-reach, reach + 1), 0, len(rise) - 1)
    strokes = rise[near].max(1).astype(np.float64)
    sizes = np.linalg.norm(strokes, axis=1)
    products = (strokes[1:] * strokes[:-1]).sum(1)
    alike = products / np.maximum(sizes[1:] * sizes[:-1], 1e-9)
    return 60 / float(np.median(intervals)) if float(np.median(alike)) > ALIKE else None


def _moved(beats: Seconds, share: float) -> Seconds:
    """The beats later by a share of the interval that follows each."""
    intervals = np.diff(beats)
    return beats + share * np.append(intervals, intervals[-1])


def _lateness(strength: NDArray[np.float64], beats: Seconds, rate: float) -> float:
    """Seconds from the beats to their strokes, in the middle; of those beats that have a clear one."""
    reach = max(1, round(AROUND_SECONDS * rate))
    frames = np.clip(np.round(beats * rate).astype(int), 0, len(strength) - 1)
    near = np.clip(frames[:, None] + np.arange(-reach, reach + 1), 0, len(strength) - 1)
    clear = strength[near].max(1) > CLEAR
    if np.count_nonzero(clear) < len(beats) / 4:
        return 0.0
    strokes = near[np.arange(len(near)), strength[near].argmax(1)] / rate
    return float(np.median((strokes - beats)[clear]))


def _near(strength: NDArray[np.float64], times: Seconds, rate: float) -> NDArray[np.float64]:
    """The greatest strength near each time."""
    reach = max(1, round(NEAR_SECONDS * rate))
    frames = np.clip(np.round(times * rate).astype(int), 0, len(strength) - 1)
    around = np.clip(frames[:, None] + np.arange(-reach, reach + 1), 0, len(strength) - 1)
    return np.asarray(strength[around].max(1))
