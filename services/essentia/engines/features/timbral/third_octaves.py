"""Levels of third-octave bands, window by window: Butterworth filters, each starting from rest in every window.

The models run the recursive filters sample by sample, the four highest bands' at the full rate and every octave below
at half the rate of the one above, behind an anti-aliasing filter. A window is so short that this is a product: where a
filter has died away within the window, of spectra; where it rings longer, of the window with a matrix of its impulse
response. Both give what the recursion gives, to within the rounding of float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE

Numbers = NDArray[np.float64]

# Samples, 93 ms.
WINDOW = 4096
# Full scale is taken for 100 dB, as in the models.
FULL_SCALE_DB = 100.0
# Of the low pass from which each band pass is made: it leaks into the neighbouring band by about -20 dB, as the filters
# do that third-octave levels are usually measured with (Zwicker and Fastl).
ORDER = 4
# Third octaves from 25 Hz to 12.5 kHz, by their exact middles.
BANDS = 28
BAND_HZ = 1000 * 2 ** (np.arange(-16, 12) / 3)
# Three bands an octave. The four highest are filtered at the full rate, each three below at half the rate above them.
TOP, LEVELS = 24, 8
# From here on a filter rings longer than a window, and its response is cut off with the window.
FIRST_CUT_LEVEL = 4
# Before, it rings for less than so many samples of its level (88 dB down).
RING = 256
# Windows at once: their spectra stay in the processor's cache.
BATCH = 64
# Samples in which the response of any filter has died away, for its impulse response by a transform.
LONG = 65536
# Frequencies over the rate stay below a half, where the tangent of the bilinear transform is infinite.
NYQUIST = 0.4999999
# The anti-aliasing filter: ripple in dB, and edge over the rate that is halved (scipy's cheby1(2, 0.1, 0.4)).
RIPPLE_DB, EDGE = 0.1, 0.2


def band_levels(windows: NDArray[np.float32]) -> Numbers:
    """Gives the levels (dB) of third-octave bands, (windows, 28), of windows (windows, WINDOW) at full scale 1."""
    powers = np.empty((len(windows), BANDS))
    slow, places = _slow_filters()
    for start in range(0, len(windows), BATCH):
        rows = windows[start : start + BATCH]
        into = powers[start : start + BATCH]
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
    return np.fft.irfft(response(np.arange(LONG // 2 + 1) / LONG), LONG)


def _matrix(response: Callable[[Numbers], NDArray[np.complex128]], size: int) -> Numbers:
    """The filter as a matrix (size, size): each output from the inputs so far."""
    impulse = _impulse(response)
    lags = np.arange(size)[:, None] - np.arange(size)[None, :]
    return np.where(lags >= 0, impulse[np.maximum(lags, 0)], 0.0)


def _band_pass(hz: float, level: int, place: Numbers) -> NDArray[np.complex128]:
    """Response of a Butterworth third-octave filter; ``place`` is the frequency over the rate of its level."""
    # Half a third of an octave to each side, both warped as the bilinear transform warps them.
    low, high = (np.tan(np.pi * min(hz * 2**half / SAMPLE_RATE * 2**level, NYQUIST)) for half in (-1 / 6, 1 / 6))
    warped = np.tan(np.pi * np.clip(place, 1e-9, NYQUIST))
    # The place of a frequency between the edges, on the axis of the low pass that the band pass is made from.
    position = 1j * (np.square(warped) - low * high) / (warped * (high - low))
    poles = np.exp(1j * np.pi * (2 * np.arange(1, ORDER + 1) + ORDER - 1) / (2 * ORDER))
    return np.asarray(1 / np.prod(position[:, None] - poles, axis=1))


def _low_pass(place: Numbers) -> NDArray[np.complex128]:
    """Response of the Chebyshev filter (order 2, 0.1 dB, 0.2 of the rate) before every halving of the rate."""
    ripple = np.sqrt(10 ** (RIPPLE_DB / 10) - 1)
    # The poles of Chebyshev's filter lie on an ellipse, whose axes follow from the ripple.
    turn = np.arcsinh(1 / ripple) / 2
    angles = np.pi / 4 * np.array([1, -1])
    poles = -np.sinh(turn) * np.cos(angles) + 1j * np.cosh(turn) * np.sin(angles)
    position = 1j * np.tan(np.pi * np.clip(place, 0, NYQUIST)) / np.tan(EDGE * np.pi)
    gain = np.prod(-poles) / np.sqrt(1 + ripple**2)
    return np.asarray(gain / np.prod(position[:, None] - poles, axis=1))
