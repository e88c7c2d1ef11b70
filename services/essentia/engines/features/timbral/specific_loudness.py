"""Specific loudness from third-octave levels after ISO 532 B / DIN 45631 (Zwicker), stationary sounds.

Three steps: low bands are lowered as they are heard and summed into critical bands; each critical band's excess over
the threshold gives its main loudness; and towards higher bands, which it masks, its loudness falls off along slopes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Steps of 0.1 Bark, from 0.1 to 24 Bark.
STEPS = 240

# The tables are those of DIN 45631 / ISO 532 B, as the program by Zwicker, Fastl et al. (1991) has them; its own names
# for them are in brackets. Low bands are the eleven third octaves from 25 to 250 Hz; critical bands are twenty: three
# that low bands are summed into, and the third octaves from 315 Hz up.

# Low frequencies are heard less, the more so the quieter they are, along the contours of equal loudness: what is added
# to the level of each low band [DLL, dB], a row for each range of levels, whose upper ends [RAP, dB] are compared with
# the level so lowered.
_RANGES_DB = np.array([45, 55, 65, 71, 80, 90, 100, 120])
_LOW_DB = np.array([
    [-32, -24, -16, -10, -5, 0, -7, -3, 0, -2, 0], [-29, -22, -15, -10, -4, 0, -7, -2, 0, -2, 0],
    [-27, -19, -14, -9, -4, 0, -6, -2, 0, -2, 0], [-25, -17, -12, -9, -3, 0, -5, -2, 0, -2, 0],
    [-23, -16, -11, -7, -3, 0, -4, -1, 0, -1, 0], [-20, -14, -10, -6, -3, 0, -4, -1, 0, -1, 0],
    [-18, -12, -9, -6, -2, 0, -3, -1, 0, -1, 0], [-15, -10, -8, -4, -2, 0, -3, -1, 0, -1, 0],
])  # fmt: skip
# Level at the threshold in quiet, from the noise inside the ear [LTQ, dB], of each critical band.
_QUIET_DB = np.array([30, 18, 12, 8, 7, 6, 5, 4] + [3] * 12)
# What the way from a free field into the ear takes away [A0, dB]; at 3 to 4 kHz the ear canal's resonance adds.
_EAR_DB = np.array([0] * 10 + [-0.5, -1.6, -3.2, -5.4, -5.6, -4, -1.5, 2, 5, 12])
# A third octave is not a critical band: what one has more of noise than the other [DCB, dB].
_BAND_DB = np.array([
    -0.25, -0.6, -0.8, -0.8, -0.5, 0, 0.5, 1.1, 1.5, 1.7, 1.8, 1.8, 1.7, 1.6, 1.4, 1.2, 0.8, 0.5, 0, -0.5,
])  # fmt: skip
# Where the critical bands end [ZUP, Bark], and above them the scale.
_UPPER_BARK = np.array([
    0.9, 1.8, 2.8, 3.5, 4.4, 5.4, 6.6, 7.9, 9.2, 10.6, 12.3, 13.8, 15.2, 16.7, 18.1, 19.3, 20.6, 21.8, 22.7, 23.6, 24,
])  # fmt: skip
# Masking: above a band the loudness falls off along straight lines, each from one of these heights [RNS, sone a Bark]
# down to the next, and the steeper the higher it still is.
_SLOPE_FROM = np.array([
    21.5, 18, 15.1, 11.5, 9, 6.1, 4.4, 3.1, 2.13, 1.36, 0.82, 0.42, 0.30, 0.22, 0.15, 0.10, 0.035, 0,
])  # fmt: skip
# How steeply [USL, sone a Bark a Bark]: a row for each height, a column for the band that the slope starts in, of which
# all from the eighth up share the last.
_SLOPES = np.array([
    [13.0, 8.2, 6.3, 5.5, 5.5, 5.5, 5.5, 5.5], [9.0, 7.5, 6.0, 5.1, 4.5, 4.5, 4.5, 4.5],
    [7.8, 6.7, 5.6, 4.9, 4.4, 3.9, 3.9, 3.9], [6.2, 5.4, 4.6, 4.0, 3.5, 3.2, 3.2, 3.2],
    [4.5, 3.8, 3.6, 3.2, 2.9, 2.7, 2.7, 2.7], [3.7, 3.0, 2.8, 2.35, 2.2, 2.2, 2.2, 2.2],
    [2.9, 2.3, 2.1, 1.9, 1.8, 1.7, 1.7, 1.7], [2.4, 1.7, 1.5, 1.35, 1.3, 1.3, 1.3, 1.3],
    [1.95, 1.45, 1.3, 1.15, 1.1, 1.1, 1.1, 1.1], [1.5, 1.2, 0.94, 0.86, 0.82, 0.82, 0.82, 0.82],
    [0.72, 0.67, 0.64, 0.63, 0.62, 0.62, 0.62, 0.62], [0.59, 0.53, 0.51, 0.50, 0.42, 0.42, 0.42, 0.42],
    [0.40, 0.33, 0.26, 0.24, 0.24, 0.22, 0.22, 0.22], [0.27, 0.21, 0.20, 0.18, 0.17, 0.17, 0.17, 0.17],
    [0.16, 0.15, 0.14, 0.12, 0.11, 0.11, 0.11, 0.11], [0.12, 0.11, 0.10, 0.08, 0.08, 0.08, 0.08, 0.08],
    [0.09, 0.08, 0.07, 0.06, 0.06, 0.06, 0.06, 0.05], [0.06, 0.05, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02],
])  # fmt: skip

# The law from excess over the threshold E (dB) to main loudness, sone a Bark (Zwicker and Fastl): 0.0635 · 10^(0.025
# threshold) · ((1 - s + s · 10^(E / 10))^0.25 - 1), where s = 0.25 is the threshold factor, the share of the intensity
# that a tone just heard adds, and 0.25 the exponent of loudness over intensity.
_SONE, _SONE_PER_DB, _THRESHOLD_FACTOR, _EXPONENT = 0.0635, 0.025, 0.25, 0.25
# The first critical band is heard less where it is soft: the law's correction 0.4 + 0.32 N^0.2, at most 1.
_FIRST_BAND, _FIRST_BAND_GAIN, _FIRST_BAND_POWER = 0.4, 0.32, 0.2
# Low bands that are summed into the first three critical bands: 25 to 80 Hz, 100 to 160 Hz, 200 and 250 Hz.
_LOW_SUMS = ((0, 6), (6, 9), (9, 11))
LOW_BANDS = 11


def specific_loudness(levels: Numbers) -> Numbers:
    """Gives the specific loudness (windows, 240), sone a Bark every 0.1 Bark, of third-octave levels (windows, 28), dB.

    In a free field from the front; levels as third_octaves gives them.
    """
    return _spread(_main_loudness(levels))


def _main_loudness(levels: Numbers) -> Numbers:
    """Main loudness of 20 critical bands and of nothing above them, (windows, 21)."""
    low = levels[:, :LOW_BANDS]
    # The first range whose end the lowered level does not exceed; the last has no end.
    borders = _RANGES_DB[:7, None] - _LOW_DB[:7]
    step = (low[:, None, :] > borders).sum(1)
    power = 10 ** ((low + _LOW_DB[step, np.arange(LOW_BANDS)]) / 10)
    critical = np.stack([power[:, first:end].sum(1) for first, end in _LOW_SUMS], 1)
    # A band without any power counts as 0 dB.
    critical_db = np.where(critical > 0, 10 * np.log10(np.maximum(critical, 1e-30)), 0)
    levels = np.concatenate((critical_db, levels[:, LOW_BANDS:]), 1)
    excess = levels - _EAR_DB - _BAND_DB - _QUIET_DB
    intensity = (1 - _THRESHOLD_FACTOR) + _THRESHOLD_FACTOR * 10 ** (0.1 * excess)
    loudness = _SONE * 10 ** (_SONE_PER_DB * _QUIET_DB) * (intensity**_EXPONENT - 1)
    loudness = np.where(levels > _QUIET_DB, np.maximum(loudness, 0), 0)
    correction = _FIRST_BAND + _FIRST_BAND_GAIN * loudness[:, 0] ** _FIRST_BAND_POWER
    loudness[:, 0] *= np.minimum(correction, 1)
    return np.pad(loudness, ((0, 0), (0, 1)))


def _spread(main: Numbers) -> Numbers:
    """Specific loudness with its slopes towards higher bands, in steps of 0.1 Bark."""
    specific = np.empty((len(main), STEPS))
    before, last = np.zeros(len(main)), 0
    for step in range(STEPS):
        # A band ends before its upper limit; there the next one begins.
        # The little more keeps a step that is a limit, such as 0.9, from falling short of it by rounding.
        band = min(int(np.searchsorted(_UPPER_BARK, (step + 1) / 10 + 1e-6)), 20)
        # The slope is the one of the height that the pattern has come down to, and of the band it came from.
        row = np.minimum((_SLOPE_FROM[None, :] >= before[:, None]).sum(1), 17)
        fallen = before - 0.1 * _SLOPES[row, min(max(last - 1, 0), 7)]
        if band != last:
            # A slope begins at the border, at the height of the band that ends there.
            fallen = np.where(before <= main[:, last], before, fallen)
        before = np.maximum(main[:, band], fallen)
        specific[:, step] = before
        last = band
    return specific
