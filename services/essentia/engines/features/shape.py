"""Describes many magnitude spectra at once, by the definitions of Essentia's algorithms, which take one at a time."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.essentia_library import es

# Samples, 46 ms, and what its spectrum has.
FRAME = 2048
BINS = FRAME // 2 + 1
NYQUIST = SAMPLE_RATE / 2
# Share of the power that lies below the rolloff.
ROLLOFF = 0.85
# The flatness in dB over this is Essentia's other measure of it: 0 is flat, 1 and more a tone.
FLATTEST_DB = -60.0
# Where SpectralComplexity looks for peaks, and how high they must be.
PEAKS_HZ, PEAK_MAGNITUDE = (100.0, 5000.0), 0.005
# Whose shares of the power are told.
BANDS_HZ = {
    "energy_low_ratio": (20, 150),
    "energy_midlow_ratio": (150, 800),
    "energy_midhigh_ratio": (800, 4000),
    "energy_high_ratio": (4000, 20000),
}
# Bins of SpectralContrast's six bands from 20 Hz to 11 kHz, first and one past the last, and the share of them that
# makes a peak or a valley.
CONTRAST_BINS = ((1, 16), (16, 33), (33, 59), (59, 108), (108, 221), (221, 512))
NEIGHBOURS = 0.4
# Keeps logarithms and quotients finite; far below the power of a bin of 24-bit noise.
TINY = 1e-30
# Cepstra, by Essentia's defaults: coefficients, bands, where mel bands end and where those of the ERB scale begin (Hz).
COEFFICIENTS, CEPSTRUM_BANDS, MEL_TO_HZ, ERB_FROM_HZ = 13, 40, 11000, 40
# Essentia gives a band without power so many dB.
QUIETEST_BAND_DB = -200.0

Spectra = NDArray[np.float32]
Numbers = NDArray[np.floating]


def window(kind: str, size: int) -> NDArray[np.float32]:
    """Gives Essentia's window, (size,), scaled as it scales it."""
    return np.asarray(es.Windowing(type=kind, size=size, zeroPhase=False)(np.ones(size, np.float32)), np.float32)


def magnitudes(frames: NDArray[np.float32], shape: NDArray[np.float32]) -> Spectra:
    """Gives the magnitudes (frames, bins) of windowed frames (frames, size)."""
    return np.abs(np.fft.rfft(frames * shape))


def describe(spectra: Spectra, before: NDArray[np.float32]) -> dict[str, Numbers]:
    """Descriptors of magnitudes (frames, BINS), by field name, one number a frame.

    Args:
        spectra: Magnitudes; no frame is all zeros.
        before: Magnitudes of the frame before the first one (BINS,), zeros where there is none.
    """
    exact = spectra.astype(np.float64)
    power = spectra * spectra
    found = _moments(exact)
    total = power.sum(1)
    found["rolloff_hz"] = _rolloff(power) * (NYQUIST / (BINS - 1))
    found["flux"] = np.linalg.norm(np.diff(spectra, axis=0, prepend=before[None]), axis=1)
    sums = found.pop("sums")
    logs = np.log(np.maximum(spectra, TINY))
    # Geometric mean over arithmetic mean; entropy of the shares p = m / sum, by -Σ p log p = log sum - Σ m log m / sum.
    flatness = np.exp(logs.mean(1, dtype=np.float64)) * BINS / sums
    found["flatness_ratio"] = flatness
    decibels = 10 * np.log10(np.maximum(flatness, TINY))
    found["flatness"] = np.minimum(decibels / FLATTEST_DB, 1)
    found["entropy_bits"] = (np.log(sums) - np.einsum("ij,ij->i", spectra, logs) / sums) / np.log(2)
    found["crest_ratio"] = spectra.max(1) * BINS / sums
    found["complexity"] = _peaks(spectra)
    found["strong_peak_ratio"] = _strong_peak(spectra)
    energies = power @ _energy_weights()
    found["hfc"] = energies[:, 0]
    for column, name in enumerate(BANDS_HZ, 1):
        found[name] = energies[:, column] / total
    return found


def contrast(spectra: Spectra) -> tuple[Numbers, Numbers]:
    """Gives spectral contrast and valleys, (frames, 6) each."""
    peaks, valleys, means = [], [], []
    for first, end in CONTRAST_BINS:
        band = np.sort(spectra[:, first:end], axis=1)
        count = round(NEIGHBOURS * (end - first))
        valleys.append(band[:, :count].mean(1, dtype=np.float64) + TINY)
        peaks.append(band[:, -count:].mean(1, dtype=np.float64) + TINY)
        means.append(band.mean(1, dtype=np.float64) + TINY)
    peak, valley, mean = (np.stack(columns, 1) for columns in (peaks, valleys, means))
    return -((peak / valley) ** (1 / np.log(mean))), np.log(valley)


def cepstrum(spectra: Spectra, kind: str) -> Numbers:
    """Gives cepstral coefficients 0 to 12, (frames, 13), of "mfcc" (mel bands) or "gfcc" (gammatone bands)."""
    weights, cosines = _bands(kind)
    bands = (spectra * spectra) @ weights
    levels = 20 * np.log10(np.maximum(bands, 10 ** (QUIETEST_BAND_DB / 20)))
    return np.asarray(levels @ cosines)


def crossings(frames: NDArray[np.float32]) -> Numbers:
    """Divides sign changes by samples, one number a frame; zero counts as negative."""
    positive = frames > 0
    return np.asarray((positive[:, 1:] != positive[:, :-1]).sum(1) / frames.shape[1])


def _moments(exact: NDArray[np.float64]) -> dict[str, Numbers]:
    # Central moments from raw ones, by multiplying out (x - mean)^n: one product for all frames and powers.
    place = np.linspace(0, 1, BINS)
    sums = exact @ np.stack([place**power for power in range(5)], 1)
    first, second, third, fourth = (sums[:, power] / sums[:, 0] for power in range(1, 5))
    variance = second - first**2
    skew = third - 3 * first * second + 2 * first**3
    tails = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    steady = np.maximum(variance, TINY)
    # The slope of the line through the magnitudes over frequency.
    slope = (sums[:, 1] - place.mean() * sums[:, 0]) / np.square(place - place.mean()).sum()
    return {
        "sums": sums[:, 0],
        "centroid_hz": first * NYQUIST,
        "spread_hz": np.sqrt(np.maximum(variance, 0)) * NYQUIST,
        "skewness": skew / steady**1.5,
        "kurtosis": tails / steady**2 - 3,
        "decrease": slope / NYQUIST,
    }


def _rolloff(power: Spectra) -> Numbers:
    sums = np.cumsum(power, axis=1)
    return np.asarray((sums < ROLLOFF * sums[:, -1:]).sum(1))


def _peaks(spectra: Spectra) -> Numbers:
    bin_hz = NYQUIST / (BINS - 1)
    first, last = (round(hz / bin_hz) for hz in PEAKS_HZ)
    middle = spectra[:, first : last + 1]
    below, above = spectra[:, first - 1 : last], spectra[:, first + 1 : last + 2]
    # The lowest bin is a peak where the next one is lower, whatever lies below it.
    rises = middle > below
    rises[:, 0] = True
    return np.asarray((rises & (middle >= above) & (middle > PEAK_MAGNITUDE)).sum(1))


def _strong_peak(spectra: Spectra) -> Numbers:
    rows = np.arange(len(spectra))
    top = spectra.argmax(1)
    height = spectra[rows, top]
    # The width of the strongest peak at half its height, in decades.
    under = spectra < height[:, None] / 2
    places = np.arange(BINS)
    right = np.where(under & (places > top[:, None]), places, BINS).min(1)
    left = np.where(under & (places < top[:, None]), places, -1).max(1) + 1
    # A peak that reaches down to bin 0 has no width in octaves.
    width = np.log10(right / np.maximum(left, TINY))
    return np.asarray(np.where(left > 0, height / width, 0.0))


@cache
def _energy_weights() -> NDArray[np.float32]:
    bin_hz = NYQUIST / (BINS - 1)
    places = np.arange(BINS)
    columns = [places * bin_hz]
    for low, high in BANDS_HZ.values():
        first, last = (int(hz / NYQUIST * (BINS - 1) + 0.5) for hz in (low, high))
        columns.append(((places >= first) & (places <= last)).astype(np.float64))
    return np.stack(columns, 1).astype(np.float32)


@cache
def _bands(kind: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of power in bands (BINS, 40) and of bands in coefficients (40, 13), asked of Essentia one by one."""
    bands_of = (
        es.MelBands(inputSize=BINS, sampleRate=SAMPLE_RATE, highFrequencyBound=MEL_TO_HZ, numberBands=CEPSTRUM_BANDS)
        if kind == "mfcc"
        else es.ERBBands(inputSize=BINS, sampleRate=SAMPLE_RATE, lowFrequencyBound=ERB_FROM_HZ)
    )
    weights = np.array([bands_of(row) for row in np.eye(BINS, dtype=np.float32)], np.float32)
    cosine_of = es.DCT(inputSize=weights.shape[1], outputSize=COEFFICIENTS)
    cosines = np.array([cosine_of(row) for row in np.eye(weights.shape[1], dtype=np.float32)], np.float32)
    return weights, cosines
