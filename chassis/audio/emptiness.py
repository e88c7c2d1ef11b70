"""Tells whether a recording holds nothing that a network could tell of: silence, hiss, a test tone, noise, clicks.

Networks that tag or describe music always answer: of a sine they say "electronic", of silence "ambient". So what they
hear is looked at first, as it is read. Sound that stays the same is told by its spectrum in quarter tones, whatever its
level: frames of a second are like that second's mean, and seconds like the mean of all (cosines). Tones, chords that
stand, hum, white, pink and brown noise and applause have 0.88 or more of the one and 0.98 or more of the other; 28
generated tracks, cut to four and to ten seconds, have at most 0.70 of the one where they have 0.977 of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
"""The rate that is understood, Hz: that of networks which tag and describe."""

# -80 dBFS: below the noise floor of 14 bits, and far above what resampling leaves behind.
SILENT_PEAK = 1e-4
# -70 dBFS over a block of loudness metering (0.4 s), where that metering has its gate.
FAINT_RMS, BLOCK = 10 ** (-70 / 20), round(0.4 * SAMPLE_RATE)
# A sine of 20 Hz changes from sample to sample by so much of its own size; and beside it nothing is heard that changes
# by less than -65 dBFS.
SLOWEST_CHANGE, LEAST_CHANGE = 2 * np.pi * 20 / SAMPLE_RATE, 5.5e-4
# Where the audio begins and ends, resampling rings for so many samples (20 ms).
EDGE = SAMPLE_RATE // 50
# Samples of a frame, 0.26 s, and from one to the next; frames of a stretch, 1.02 s; one stretch is too few to tell.
FRAME, HOP, STRETCH, FEWEST = 4096, 2048, 8, 2
# Bands: quarter tones from here up, Hz.
LOW_HZ, BANDS_AN_OCTAVE = 60.0, 24
# Likeness from which sound stays the same: of the least like frame of each stretch, at their lower quartile, and of the
# stretches, at their fifth percentile. What is this far below the loudest (-50 dB of power) is a pause.
FRAMES_ALIKE, STRETCHES_ALIKE, PAUSE = (0.85, 25), (0.977, 5), 1e-5
# Samples of a step, 10 ms; what is above -40 dB of the peak for less than 80 ms at a time is a click.
STEP, CLICK_LEVEL, CLICK_STEPS = SAMPLE_RATE // 100, 0.01, 8


class Emptiness:
    """Looks at mono audio, float32 (n,) at SAMPLE_RATE, full scale 1, block by block; 2.4 MB an hour.

    Attributes:
        samples: Samples so far.
    """

    def __init__(self) -> None:
        self.samples = 0
        self._peak = self._change = self._loudest = 0.0
        self._last = self._block = self._frames = self._steps = np.zeros(0, np.float32)
        self._powers: list[NDArray[np.float32]] = []
        self._stretches: list[NDArray[np.float32]] = []
        self._alike: list[float] = []
        self._peaks: list[NDArray[np.float32]] = []

    def feed(self, block: NDArray[np.float32]) -> None:
        """Takes the next samples."""
        self.samples += len(block)
        self._peak = max(self._peak, float(np.abs(block).max(initial=0)))
        self._follow(block)
        whole, self._block = _pieces(self._block, block, BLOCK, BLOCK)
        if len(whole):
            self._loudest = max(self._loudest, float(np.sqrt(np.square(whole).mean(1, dtype=np.float64)).max()))
        whole, self._steps = _pieces(self._steps, block, STEP, STEP)
        self._peaks.append(np.abs(whole).max(1, initial=0))
        whole, self._frames = _pieces(self._frames, block, FRAME, HOP)
        for frame in whole:
            self._powers.append(_powers(frame))
            if len(self._powers) == STRETCH:
                self._stretches.append(np.mean(self._powers, 0, dtype=np.float32))
                self._alike.append(float(_likeness(np.array(self._powers, np.float64)).min(initial=1)))
                self._powers.clear()

    def verdict(self) -> tuple[str, str] | None:
        """Gives the reason, typed and in words, why there is nothing to tell of what was fed; None where there is."""
        return next(self._reasons(), None)

    def _reasons(self) -> Iterator[tuple[str, str]]:
        if self._infrasonic() and self._peak >= SILENT_PEAK:
            yield "AUDIO_INFRASONIC", "there is nothing above 20 Hz"
        if self._peak < SILENT_PEAK or self._infrasonic():
            yield "AUDIO_SILENT", "nothing is above -80 dBFS"
        if self.samples >= BLOCK and self._loudest < FAINT_RMS:
            yield "AUDIO_FAINT", "nothing is louder than -70 dBFS (RMS of 0.4 s)"
        if self._clicks():
            yield "AUDIO_CLICKS", "no sound lasts for 80 ms: there are only clicks"
        if self._steady():
            yield "AUDIO_STEADY", "one sound stays the same all the time, such as a tone, noise or a repeated click"

    def _infrasonic(self) -> bool:
        """Whether it is a constant, or changes so slowly that nothing is heard; False where it is too short to tell."""
        enough = self.samples > 3 * EDGE
        return enough and self._change <= LEAST_CHANGE and self._change < SLOWEST_CHANGE * self._peak

    def _clicks(self) -> bool:
        peaks = np.concatenate(self._peaks) if self._peaks else np.zeros(0, np.float32)
        if peaks.size < 100:
            return False
        # Where it begins and ends to sound; runs of sounding steps lie between them.
        edges = np.flatnonzero(np.diff(np.concatenate(([False], peaks > CLICK_LEVEL * self._peak, [False]))))
        return bool((edges[1::2] - edges[::2]).max(initial=0) < CLICK_STEPS)

    def _steady(self) -> bool:
        if len(self._stretches) < FEWEST:
            return False
        stretches = _likeness(np.array(self._stretches, np.float64))
        return len(stretches) >= FEWEST and all(
            np.percentile(alike, percent) > least
            for alike, (least, percent) in ((self._alike, FRAMES_ALIKE), (stretches, STRETCHES_ALIKE))
        )

    def _follow(self, block: NDArray[np.float32]) -> None:
        """Brings the greatest change up to EDGE samples before the end of ``block``."""
        known = np.concatenate((self._last, block))
        settled = known[: max(0, len(known) - EDGE)]
        begins = max(0, EDGE - (self.samples - len(known)))
        self._change = max(self._change, float(np.abs(np.diff(settled[begins:])).max(initial=0)))
        self._last = known[max(0, len(settled) - 1) :]


def _pieces(
    rest: NDArray[np.float32], block: NDArray[np.float32], size: int, hop: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cuts what was left and a block into (n, size) every ``hop`` samples; gives them and what is left."""
    known = np.concatenate((rest, block))
    count = max(0, (len(known) - size) // hop + 1)
    if not count:
        return np.zeros((0, size), np.float32), known
    return np.lib.stride_tricks.sliding_window_view(known, size)[::hop][:count], known[count * hop :].copy()


def _likeness(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine of each row's magnitudes (n, bands) and those of their mean, but for pauses."""
    totals = powers.sum(1)
    shapes = np.sqrt(powers[(totals > PAUSE * totals.max()) & (totals > 0)])
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    mean = shapes.sum(0)
    return np.asarray(shapes @ (mean / np.linalg.norm(mean)) if len(shapes) else np.zeros(0))


def _powers(frame: NDArray[np.float32]) -> NDArray[np.float32]:
    power = np.square(np.abs(np.fft.rfft(frame * _window())))
    return np.asarray(np.add.reduceat(power, _borders())[:-1], np.float32)


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    return np.hanning(FRAME).astype(np.float32)


@lru_cache(maxsize=1)
def _borders() -> NDArray[np.intp]:
    octaves = np.log2(0.975 * SAMPLE_RATE / 2 / LOW_HZ)
    hertz = LOW_HZ * 2 ** (np.arange(int(octaves * BANDS_AN_OCTAVE) + 1) / BANDS_AN_OCTAVE)
    return np.unique(np.round(hertz * FRAME / SAMPLE_RATE)).astype(np.intp)
