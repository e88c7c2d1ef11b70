"""Specific loudness of 93 ms of audio at a time, after ISO 532 B (Zwicker), and the models that rest on it alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples

Numbers = NDArray[np.float64]

WINDOW = 4096
# Full scale is taken for 100 dB.
FULL_SCALE_DB = 100.0
ORDER = 4
BANDS = 28
BAND_HZ = 1000 * 2 ** (np.arange(-16, 12) / 3)
# Three bands an octave. The four highest are filtered at the full rate, each three below at half the rate above them.
TOP, LEVELS = 24, 8
# From here on a filter rings longer than a window, and its response is cut off with the window.
FIRST_CUT_LEVEL = 4
# Before, it rings for less than so many samples of its level (88 dB down).
RING = 256
STEPS = 240

# Tables of DIN 45631 / ISO 532 B.
_RANGES_DB = np.array([45, 55, 65, 71, 80, 90, 100, 120])
_LOW_DB = np.array([
    [-32, -24, -16, -10, -5, 0, -7, -3, 0, -2, 0], [-29, -22, -15, -10, -4, 0, -7, -2, 0, -2, 0],
    [-27, -19, -14, -9, -4, 0, -6, -2, 0, -2, 0], [-25, -17, -12, -9, -3, 0, -5, -2, 0, -2, 0],
    [-23, -16, -11, -7, -3, 0, -4, -1, 0, -1, 0], [-20, -14, -10, -6, -3, 0, -4, -1, 0, -1, 0],
    [-18, -12, -9, -6, -2, 0, -3, -1, 0, -1, 0], [-15, -10, -8, -4, -2, 0, -3, -1, 0, -1, 0],
])  # fmt: skip
_QUIET_DB = np.array([30, 18, 12, 8, 7, 6, 5, 4] + [3] * 12)
_EAR_DB = np.array([0] * 10 + [-0.5, -1.6, -3.2, -5.4, -5.6, -4, -1.5, 2, 5, 12])
_BAND_DB = np.array([
    -0.25, -0.6, -0.8, -0.8, -0.5, 0, 0.5, 1.1, 1.5, 1.7, 1.8, 1.8, 1.7, 1.6, 1.4, 1.2, 0.8, 0.5, 0, -0.5,
])  # fmt: skip
_UPPER_BARK = np.array([
    0.9, 1.8, 2.8, 3.5, 4.4, 5.4, 6.6, 7.9, 9.2, 10.6, 12.3, 13.8, 15.2, 16.7, 18.1, 19.3, 20.6, 21.8, 22.7, 23.6, 24,
])  # fmt: skip
_SLOPE_FROM = np.array([
    21.5, 18, 15.1, 11.5, 9, 6.1, 4.4, 3.1, 2.13, 1.36, 0.82, 0.42, 0.30, 0.22, 0.15, 0.10, 0.035, 0,
])  # fmt: skip
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


class Loudness:
    """Specific loudness of a recording, window by window.

    Attributes:
        specific: (windows, 240), sone a Bark, from 0.1 to 24 Bark.
        rms: (windows,).
    """

    def __init__(self, samples: Samples) -> None:
        # One window more where the last one is full: the models were fitted so.
        short = WINDOW - samples.size % WINDOW
        windows = np.pad(samples, (0, short)).reshape(-1, WINDOW)
        self.rms = np.sqrt(np.einsum("ij,ij->i", windows, windows, dtype=np.float64) / WINDOW)
        self.specific = _spread(_main_loudness(_band_levels(windows)))

    def level(self, first: int, end: int) -> tuple[float, float]:
        """Loudness of steps ``first`` to ``end`` (tenths of a Bark) under a hump: mean, and mean weighed by RMS."""
        weighed = self.specific[:, first:end] @ hump(first, end)
        return float(weighed.mean()), float(np.average(weighed, weights=self.rms))

    def sharpness(self) -> float | None:
        """Sharpness by Fastl, weighed by power; None where nothing is heard."""
        bark = np.arange(1, STEPS + 1) / 10
        steep = 0.00012 * bark**4 - 0.0056 * bark**3 + 0.1 * bark**2 - 0.81 * bark + 3.5
        weights = np.where(np.arange(STEPS) < 140, 1.0, steep) * bark
        sharpness = 0.11 * self._shares(self.specific @ weights)
        return _line(self._mean(sharpness), (102.50508921364404, 34.432655185001735))

    def booming(self) -> float | None:
        """Booming by Hatano and Hashimoto, weighed by power; None where nothing is heard."""
        hz = 600 * np.sinh(np.arange(1, STEPS + 1) / 60)
        place = np.log10(hz / 25) / np.log10(31.5 / 25) + 1
        weights = 2.13 * np.exp(-0.151 * place)
        weights[:4] = 0.8, 1.05, 1.10, 1.18
        below = int(np.argmax(hz >= 280))
        total = 10 * np.log10((10 ** (self.specific * weights / 10)).sum(1))
        index = self._mean(total * self._shares(self.specific[:, :below].sum(1)))
        low = self.level(0, 70)[0]
        if index is None or low <= 0:
            return None
        booming = _line(index, (43.67402696195865, 26.836530575185435))
        return None if booming is None else booming - 10.90054738389845 * float(np.log10(low))

    def _shares(self, part: Numbers) -> Numbers:
        whole = self.specific.sum(1)
        return np.asarray(np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0))

    def _mean(self, values: Numbers) -> float | None:
        power = np.square(self.rms)
        return float(np.average(values, weights=power)) if power.sum() > 0 else None


def hump(first: int, end: int) -> Numbers:
    """The upper part of a wide normal curve over steps ``first`` to ``end``, from 0 to 1."""
    curve = np.exp(-np.square(np.arange(first, end) - (first + end) / 2) / 2 * 1e-4)
    curve -= curve.min()
    return np.asarray(curve / curve.max())


def _line(value: float | None, coefficients: tuple[float, float]) -> float | None:
    return None if value is None or value <= 0 else float(coefficients[0] * np.log10(value) + coefficients[1])


def _band_levels(windows: NDArray[np.float32]) -> Numbers:
    """Levels (dB) of third-octave bands, (windows, 28), the filters starting from rest in each window."""
    powers = np.empty((len(windows), BANDS))
    slow, places = _slow_filters()
    for start in range(0, len(windows), 64):
        rows = windows[start : start + 64]
        into = powers[start : start + 64]
        signal, size = rows, WINDOW
        spectra: NDArray[np.complexfloating] = np.fft.rfft(rows, 2 * WINDOW)
        for level in range(FIRST_CUT_LEVEL):
            if level:
                spectra = _halved(spectra, size)
                size //= 2
                # Cut off at the window's end before the next filter, as the ones before were.
                signal = np.ascontiguousarray(np.fft.irfft(spectra, 2 * size)[:, :size])
                spectra = np.fft.rfft(signal, 2 * size)
            energy = (np.square(spectra.real) + np.square(spectra.imag)) @ _power_weights(level, size)
            # What rings after the window's end is not in the window.
            tails = (signal[:, -RING:] @ _tails(level)).reshape(len(rows), -1, RING)
            energy -= np.einsum("ijk,ijk->ij", tails, tails)
            into[:, _bands_of(level)] = energy / size
        heard = signal @ slow
        for band, columns in places.items():
            part = heard[:, columns]
            into[:, band] = np.einsum("ij,ij->i", part, part) / part.shape[1]
    return FULL_SCALE_DB + 10 * np.log10(np.maximum(powers, 1e-30))


def _bands_of(level: int) -> range:
    return range(TOP - 3 * level, BANDS if level == 0 else TOP - 3 * level + 3)


def _halved(spectra: NDArray[np.complexfloating], size: int) -> NDArray[np.complexfloating]:
    """Spectra (zero-padded to 2 ``size``) of every second sample, from the second one on, of the low-passed signal."""
    low = spectra * _low_pass(np.arange(size + 1) / (2 * size)).astype(np.complex64)
    half = size // 2
    # Odd samples: half the difference of the spectrum and itself half a turn on, a sample earlier.
    turn = np.exp(2j * np.pi * np.arange(half + 1) / (2 * size)).astype(np.complex64)
    return np.asarray(0.5 * turn * (low[:, : half + 1] - np.conj(low[:, size - np.arange(half + 1)])))


@cache
def _power_weights(level: int, size: int) -> NDArray[np.float32]:
    place = np.arange(size + 1) / (2 * size)
    columns = [np.square(np.abs(_band_pass(BAND_HZ[band], level, place))) for band in _bands_of(level)]
    weights = np.stack(columns, 1) / (2 * size)
    # Both halves of the spectrum.
    weights[1:-1] *= 2
    return weights.astype(np.float32)


@cache
def _slow_filters() -> tuple[NDArray[np.float32], dict[int, slice]]:
    """What turns the signal at an eighth of the rate into all lower bands: (512, outputs), and each band's columns."""
    size = WINDOW >> (FIRST_CUT_LEVEL - 1)
    carry = np.eye(size)
    columns: list[Numbers] = []
    places: dict[int, slice] = {}
    at = 0
    for level in range(FIRST_CUT_LEVEL, LEVELS + 1):
        carry = (_matrix(_low_pass, size) @ carry)[1::2]
        size //= 2
        for band in _bands_of(level):
            columns.append(_matrix(partial(_band_pass, BAND_HZ[band], level), size) @ carry)
            places[band] = slice(at, at + size)
            at += size
    return np.ascontiguousarray(np.concatenate(columns).T, np.float32), places


@cache
def _tails(level: int) -> NDArray[np.float32]:
    """What turns the last RING samples into the first RING outputs after them, (RING, bands x RING)."""
    lags = np.arange(RING)[None, :] + RING - np.arange(RING)[:, None]
    return np.concatenate(
        [_impulse(partial(_band_pass, BAND_HZ[band], level))[lags] for band in _bands_of(level)], axis=1
    ).astype(np.float32)


def _impulse(response: Callable[[Numbers], NDArray[np.complex128]]) -> Numbers:
    long = 65536
    return np.fft.irfft(response(np.arange(long // 2 + 1) / long), long)


def _matrix(response: Callable[[Numbers], NDArray[np.complex128]], size: int) -> Numbers:
    """The filter as a matrix (size, size): each output from the inputs so far."""
    impulse = _impulse(response)
    lags = np.arange(size)[:, None] - np.arange(size)[None, :]
    return np.where(lags >= 0, impulse[np.maximum(lags, 0)], 0.0)


def _band_pass(hz: float, level: int, place: Numbers) -> NDArray[np.complex128]:
    """Response of a Butterworth third-octave filter; ``place`` is the frequency over the rate of its level."""
    low, high = (np.tan(np.pi * min(hz * 2**half / SAMPLE_RATE * 2**level, 0.4999999)) for half in (-1 / 6, 1 / 6))
    warped = np.tan(np.pi * np.clip(place, 1e-9, 0.4999999))
    position = 1j * (np.square(warped) - low * high) / (warped * (high - low))
    poles = np.exp(1j * np.pi * (2 * np.arange(1, ORDER + 1) + ORDER - 1) / (2 * ORDER))
    return np.asarray(1 / np.prod(position[:, None] - poles, axis=1))


def _low_pass(place: Numbers) -> NDArray[np.complex128]:
    """Response of the Chebyshev filter (order 2, 0.1 dB, 0.2 of the rate) before every halving of the rate."""
    ripple = np.sqrt(10**0.01 - 1)
    turn = np.arcsinh(1 / ripple) / 2
    angles = np.pi / 4 * np.array([1, -1])
    poles = -np.sinh(turn) * np.cos(angles) + 1j * np.cosh(turn) * np.sin(angles)
    position = 1j * np.tan(np.pi * np.clip(place, 0, 0.4999999)) / np.tan(0.2 * np.pi)
    gain = np.prod(-poles) / np.sqrt(1 + ripple**2)
    return np.asarray(gain / np.prod(position[:, None] - poles, axis=1))


def _main_loudness(levels: Numbers) -> Numbers:
    """Main loudness of 20 critical bands and of nothing above them, (windows, 21)."""
    low = levels[:, :11]
    borders = _RANGES_DB[:7, None] - _LOW_DB[:7]
    step = (low[:, None, :] > borders).sum(1)
    power = 10 ** ((low + _LOW_DB[step, np.arange(11)]) / 10)
    critical = np.stack([power[:, first:end].sum(1) for first, end in ((0, 6), (6, 9), (9, 11))], 1)
    # A band without any power counts as 0 dB.
    critical_db = np.where(critical > 0, 10 * np.log10(np.maximum(critical, 1e-30)), 0)
    levels = np.concatenate((critical_db, levels[:, 11:]), 1)
    excess = levels - _EAR_DB - _BAND_DB - _QUIET_DB
    loudness = 0.0635 * 10 ** (0.025 * _QUIET_DB) * ((0.75 + 0.25 * 10 ** (0.1 * excess)) ** 0.25 - 1)
    loudness = np.where(levels > _QUIET_DB, np.maximum(loudness, 0), 0)
    loudness[:, 0] *= np.minimum(0.4 + 0.32 * loudness[:, 0] ** 0.2, 1)
    return np.pad(loudness, ((0, 0), (0, 1)))


def _spread(main: Numbers) -> Numbers:
    """Specific loudness with its slopes towards higher bands, in steps of 0.1 Bark."""
    specific = np.empty((len(main), STEPS))
    before, last = np.zeros(len(main)), 0
    for step in range(STEPS):
        # A band ends before its upper limit; there the next one begins.
        band = min(int(np.searchsorted(_UPPER_BARK, (step + 1) / 10 + 1e-6)), 20)
        row = np.minimum((_SLOPE_FROM[None, :] >= before[:, None]).sum(1), 17)
        fallen = before - 0.1 * _SLOPES[row, min(max(last - 1, 0), 7)]
        if band != last:
            # A slope begins at the border, at the height of the band that ends there.
            fallen = np.where(before <= main[:, last], before, fallen)
        before = np.maximum(main[:, band], fallen)
        specific[:, step] = before
        last = band
    return specific
