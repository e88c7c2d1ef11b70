"""How much begins at each moment: Essentia's onset functions, of many frames at once and from one set of spectra.

Essentia's OnsetDetection and OnsetDetectionGlobal turn every bin into a phase and back. A product of complex numbers
does the same: for spectra X and their directions u = X / |X|, what a steady tone would show next is |X₋₁| u₋₁² / u₋₂.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import shape
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import batches
from services.essentia.essentia_library import es

# Samples: 46 ms every 11.6 ms; the functions of the older kind take every second frame.
FRAME, HOP = 2048, 512
BINS = FRAME // 2 + 1
# Frames whose spectra fit the processor's nearest big cache, with all that is made of them.
BATCH = 32
# BeatTrackerMultiFeature lets frames below -100 dBFS hiss at -200, so that what follows silence is compared with no
# direction rather than with one and the same; from the same seed every time.
SILENT_POWER, HISS = 1e-10, 1e-10
# Power of a mel band that counts as nothing, and the decibels it is given (Essentia's amp2db doubles its -100).
QUIET_POWER, QUIET_DB = 1e-10, -200.0
# Mel flux: bands up to here, Hz.
MEL_BANDS, MEL_TO_HZ = 40, 4000.0
# Beat emphasis (Davies, Plumbley and Eck 2009): bands of equal width on the ERB scale, from here to half the rate.
EMPHASIS_BANDS, EMPHASIS_FROM_HZ = 40, 80.0
# Frames, 0.2 s, over which the mean is taken that a band must exceed; and 5.9 s, how far is looked for what repeats.
SMOOTHING, LONGEST = 17, 512
# A period is judged by its first four multiples, and no period is shorter than this in frames (Davies and Plumbley
# 2007).
COMBS, SHORTEST = 4, 3
# Frames, 0.5 s: the period that their Rayleigh weighting prefers, 120 bpm.
PREFERRED_FRAMES = 43
# Place, as a share of the bands, of the one whose weight is the threshold for all; see _emphasize.
UNHEARD = 0.6
# Information gain (Hainsworth and Macleod 2003): bins from 40 to 5000 Hz, five frames before weighed against five
# frames after, the less the further away.
GAIN_BINS = slice(2, 233)
GAIN_WEIGHTS = (1.0, 0.82, 0.64, 0.46, 0.28)
# Smaller magnitudes have no direction: their reciprocal would be infinite in float32.
NOTHING = 1e-37

Numbers = NDArray[np.float32]
Complex = NDArray[np.complexfloating]


@dataclass(frozen=True)
class OnsetFunctions:
    """Of frames of 2048 samples; float32, 0 or more.

    Attributes:
        complex_difference: Distance of the spectrum from a steady tone's; every 1024 samples.
        energy: How much the level rises; every 1024 samples.
        mel: How much 40 mel bands rise, dB; every 1024 samples.
        emphasis: Distance from a steady tone's in 40 bands, each weighed by how it repeats itself; every 512 samples.
        gain: Information gain of the frames after over those before; every 512 samples.
    """

    complex_difference: Numbers
    energy: Numbers
    mel: Numbers
    emphasis: Numbers
    gain: Numbers


def measure(mono: Samples) -> OnsetFunctions:
    """Measures the onset functions of samples at SAMPLE_RATE, as BeatTrackerMultiFeature takes them."""
    # The last frame is the first to reach the end, at either hop; what it lacks is silence.
    slow_count = 1 + max(0, -(-(mono.size - FRAME) // (2 * HOP)))
    fast_count = 1 + max(0, -(-(mono.size - FRAME) // HOP))
    window = shape.window("hann", FRAME)
    mel_weights, band_weights = _mel_weights(), _band_weights()
    slow, fast = History(BINS, -1), History(BINS, 1)
    noise = np.random.default_rng(0)
    differences, levels, mels, bands, gains = [], [], [], [], []
    recent = np.zeros((2 * len(GAIN_WEIGHTS), GAIN_BINS.stop - GAIN_BINS.start), np.float32)
    for frames in batches(mono, FRAME, HOP, max(fast_count, 2 * slow_count - 1), BATCH):
        spectra = np.fft.rfft(frames * window)
        power = spectra.real**2 + spectra.imag**2
        # Not the root of the power, which is nothing below 1e-23: what dies away has a direction for longer.
        magnitudes = np.abs(spectra)
        turns = directions(spectra, magnitudes)
        bands.append(np.square(fast.distances(spectra, magnitudes, turns)) @ band_weights)
        recent = np.concatenate((recent, np.sqrt(power[:, GAIN_BINS])))
        gains.append(_gain(recent))
        recent = recent[len(frames) :]
        spectra, power, magnitudes, turns = spectra[::2], power[::2], magnitudes[::2], turns[::2]
        silent = np.flatnonzero(np.einsum("ij,ij->i", frames[::2], frames[::2]) < SILENT_POWER * FRAME)
        if silent.size:
            hiss = noise.uniform(-HISS, HISS, (silent.size, FRAME)).astype(np.float32)
            spectra[silent] = np.fft.rfft((frames[::2][silent] + hiss) * window)
            magnitudes[silent] = np.abs(spectra[silent])
            power[silent] = np.square(magnitudes[silent])
            turns[silent] = directions(spectra[silent], magnitudes[silent])
        differences.append(slow.distances(spectra, magnitudes, turns).sum(1))
        levels.append(np.sqrt(power.sum(1)) / BINS)
        mels.append(power @ mel_weights)
    mel_levels = 10 * np.log10(np.maximum(np.concatenate(mels)[:slow_count], QUIET_POWER)) * 2
    return OnsetFunctions(
        complex_difference=np.concatenate(differences)[:slow_count],
        energy=_rise(np.concatenate(levels)[:slow_count, None]),
        mel=_rise(mel_levels),
        emphasis=_emphasize(np.concatenate(bands)[:fast_count]),
        gain=np.concatenate(gains)[:fast_count],
    )


class History:
    """Compares spectra with what the two before let expect.

    Args:
        bins: Bins of a spectrum.
        sign: Of the phase of the second last: -1 as a steady tone goes on; +1 is what OnsetDetectionGlobal takes.
    """

    def __init__(self, bins: int, sign: int) -> None:
        self._sign = sign
        self._magnitudes = np.zeros((1, bins), np.float32)
        self._turns = np.tile(_no_direction(bins), (2, 1))

    def distances(self, spectra: Complex, magnitudes: Numbers, turns: Complex) -> Numbers:
        """Gives the distance (frames, bins) of each spectrum from the expected one, for the same frames."""
        turns = np.concatenate((self._turns, turns))
        before = np.concatenate((self._magnitudes, magnitudes[:-1]))
        back = np.square(turns[1:-1])
        np.conjugate(back, out=back)
        back *= turns[:-2] if self._sign < 0 else np.conjugate(turns[:-2])
        back *= spectra
        back -= before
        self._turns, self._magnitudes = turns[-2:], magnitudes[-1:].copy()
        return np.abs(back)


def directions(spectra: Complex, magnitudes: Numbers) -> Complex:
    """Divides spectra by their magnitudes (frames, bins): complex numbers of length 1."""
    silent = magnitudes < NOTHING
    if not silent.any():
        return spectra * (1 / magnitudes)
    turns = spectra * (1 / np.where(silent, 1, magnitudes))
    return np.where(silent, _no_direction(spectra.shape[1]), turns)


def _no_direction(bins: int) -> Complex:
    # Essentia takes the phase of nothing for 0. Its frames begin in their middle, which turns every second bin.
    return np.asarray(1 - 2 * (np.arange(bins) % 2), np.complex64)


def _rise(levels: Numbers) -> Numbers:
    return np.asarray(np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).sum(1))


def _gain(magnitudes: Numbers) -> Numbers:
    """Of (10 frames and those to describe, bins)."""
    reach = len(GAIN_WEIGHTS)
    weights = np.array(GAIN_WEIGHTS, np.float32)
    count = len(magnitudes) - 2 * reach
    frames = sliding_window_view(magnitudes, reach, axis=0)
    before = frames[:count] @ weights[::-1]
    after = frames[reach + 1 : reach + 1 + count] @ weights
    # A bin with nothing before it counts as 1 before, one with nothing after it as the least number after.
    before = np.where(before == 0, 1, before)
    after = np.where(after == 0, np.finfo(np.float32).eps, after)
    return np.asarray(np.maximum(np.log2(after / before), 0).sum(1))


def _emphasize(bands: Numbers) -> Numbers:
    """Sum (frames,) of bands (frames, bands), each over its deviation and weighed by how well it repeats itself."""
    # Over its deviation, so that a band counts for its rhythm and not for its level.
    deviations = bands.std(0, dtype=np.float64)
    bands = (bands / np.where(deviations > 0, deviations, 1)).astype(np.float32)
    tail = np.repeat(bands[-1:], SMOOTHING - 1, axis=0)
    padded = np.concatenate((bands, tail))
    sums = np.cumsum(np.concatenate((np.zeros((1, bands.shape[1])), padded)), axis=0)
    means = (sums[SMOOTHING:] - sums[:-SMOOTHING]) / SMOOTHING
    bands = np.maximum(bands - means, 0).astype(np.float32)
    weights = np.array([_regularity(np.concatenate((bands[:, band], tail[:, band]))) for band in range(bands.shape[1])])
    if weights.max() > 0:
        weights /= weights.max()
    # As in Essentia, whose list to sort is empty: the threshold is the weight of one band and not that of a rank.
    weights[weights < weights[int(UNHEARD * weights.size)]] = 0
    return bands @ weights.astype(np.float32)


def _regularity(values: Numbers) -> float:
    """Greatest mean autocorrelation at one to four times a period, periods weighed by preference."""
    size = values.size
    # The autocorrelation by a transform of twice the length, so that the end does not meet the beginning.
    spectrum = np.fft.rfft(values, 1 << (size + LONGEST - 1).bit_length())
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: min(size, LONGEST)]
    repeats = np.zeros(LONGEST)
    repeats[: products.size] = products / np.arange(size, size - products.size, -1)
    lags = np.arange(1, LONGEST + 1)
    preference = lags / PREFERRED_FRAMES**2 * np.exp(-0.5 * (lags / PREFERRED_FRAMES) ** 2)
    periods = np.arange(SHORTEST, (LONGEST - COMBS + 1) // COMBS - 1)
    # A multiple may be off by as many frames as it is a multiple, less one; each is a mean over those places.
    combs = [
        repeats[periods * comb + offset] / (2 * comb - 1)
        for comb in range(1, COMBS + 1)
        for offset in range(1 - comb, comb)
    ]
    return max(0.0, float((preference[periods] * np.sum(combs, 0)).max()))


@cache
def _mel_weights() -> Numbers:
    bands = es.MelBands(
        inputSize=BINS, sampleRate=SAMPLE_RATE, numberBands=MEL_BANDS, lowFrequencyBound=0, highFrequencyBound=MEL_TO_HZ
    )
    return np.array([bands(row) for row in np.eye(BINS, dtype=np.float32)], np.float32)


@cache
def _band_weights() -> Numbers:
    bands = es.ERBBands(
        inputSize=BINS,
        sampleRate=SAMPLE_RATE,
        numberBands=EMPHASIS_BANDS,
        lowFrequencyBound=EMPHASIS_FROM_HZ,
        highFrequencyBound=SAMPLE_RATE / 2,
        type="magnitude",
    )
    return np.array([bands(row) for row in np.eye(BINS, dtype=np.float32)], np.float32)
