"""Estimates the tempo as Percival and Tzanetakis (2014) do, by the definitions of Essentia's PercivalBpmEstimator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import batches
from services.essentia.essentia_library import es

# Samples, and frames at once.
FRAME, HOP, BATCH = 1024, 128, 64
# Values of the onset strength a second, 344.5.
RATE = SAMPLE_RATE / HOP
# Frames of the onset strength, 5.9 s, and the hop between them.
LONG, STEP = 2048, 128
# Lags of these tempos are candidates; what lies beyond is found as a half or a double.
SLOWEST_BPM, FASTEST_BPM = 50, 210
# Peaks of the autocorrelation that are judged by pulse trains.
CANDIDATES = 10
# Factor before the logarithm: log(1 + 1000 |X|), so that soft onsets count too.
LOUDNESS = 1000.0
# Exponent of the magnitudes in the generalised autocorrelation (Tolonen and Karjalainen 2000): narrower peaks than the
# usual 2 gives.
COMPRESSION = 0.5
# Lags down to 50 bpm, and the deviation of the bell that each vote is smeared with.
LAGS, SPREAD = 414, 10.0
# Silence appended to a frame, see _lags: seven of the longest lags must fit.
BEYOND = 7 * LAGS - LONG
# A low pass at 7 Hz, faster than any beat: firwin(15, 7 Hz).
LOW_PASS = np.array([
    0.00933978, 0.01521148, 0.03163891, 0.05607187, 0.08390299, 0.10948195, 0.12742038, 0.13386527,
    0.12742038, 0.10948195, 0.08390299, 0.05607187, 0.03163891, 0.01521148, 0.00933978,
])  # fmt: skip
# What the authors' support vector machine learnt to tell the octave by. Least and greatest of its three features: the
# votes' share below the best lag, their share around half of it, and its tempo (bpm). The least of the second is what
# is left of a bell far away.
FEATURE_MIN = np.array([0.0321812, 1.68126e-83, 50.1745])
FEATURE_MAX = np.array([0.863237, 0.449184, 208.807])
# Its borders between each two of half, same and double: weights of the features, scaled to 0 to 1, and of a constant.
SAME_OR_HALF = np.array([-1.955100, 0.434800, -4.644200, 3.289600])
DOUBLE_OR_HALF = np.array([-3.040800, 2.759100, -6.536700, 3.081000])
DOUBLE_OR_SAME = np.array([-3.462400, 3.439700, -9.489700, 1.629700])


def estimate(mono: Samples) -> float:
    """Estimates the tempo of samples at SAMPLE_RATE, bpm; 0 where there is none."""
    return _decide(_lags(onset_strength(mono)))


def onset_strength(mono: Samples) -> NDArray[np.float32]:
    """Tells how much the logarithmic spectrum rises, smoothed, RATE times a second."""
    count = (mono.size - FRAME) // HOP + 1 if mono.size >= FRAME else 0
    turn = np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))
    # Hamming's own digits, as Essentia has them; the usual 0.54 is rounded.
    window = ((0.53836 - 0.46164 * turn) * LOUDNESS / FRAME).astype(np.float32)
    before, rises = np.zeros((1, FRAME // 2 + 1), np.float32), []
    for frames in batches(mono, FRAME, HOP, count, BATCH):
        spectra = np.fft.rfft(frames * window)
        levels = np.sqrt(spectra.real**2 + spectra.imag**2)
        np.log1p(levels, out=levels)
        change = np.diff(levels, axis=0, prepend=before)
        rises.append(np.maximum(change, 0, out=change).sum(1))
        before = levels[-1:].copy()
    rise = np.concatenate(rises) if rises else np.empty(0, np.float32)
    if not rise.size:
        return rise
    return np.convolve(rise, LOW_PASS)[: rise.size].astype(np.float32)


def _lags(strength: NDArray[np.float32]) -> list[int]:
    """Best lag of each 5.9 s, where there is one."""
    correlate = es.AutoCorrelation(normalization="standard", generalized=True, frequencyDomainCompression=COMPRESSION)
    peaks = es.PeakDetection(
        maxPeaks=CANDIDATES,
        range=LONG - 1,
        minPosition=int(60 * RATE / FASTEST_BPM),
        maxPosition=int(60 * RATE / SLOWEST_BPM),
        orderBy="amplitude",
        interpolate=True,
    )
    enhance, judge = es.PercivalEnhanceHarmonics(), es.PercivalEvaluatePulseTrains()
    lags = []
    count = 1 + max(0, -(-(strength.size - LONG) // STEP)) if strength.size else 0
    for frames in batches(strength, LONG, STEP, count):
        for frame in frames:
            positions, _ = peaks(enhance(correlate(frame)))
            # The judge looks up to seven lags on without asking how long the frame is: silence there, not other memory.
            lags.append(int(judge(np.pad(frame, (0, BEYOND)), positions)))
    return [lag for lag in lags if lag > 0]


def _decide(lags: list[int]) -> float:
    """Tempo on which most lags agree, its half or its double."""
    if not lags:
        return 0.0
    place = np.arange(LAGS)
    votes = np.exp(-0.5 * ((place - np.array(lags)[:, None]) / SPREAD) ** 2).sum(0)
    best = int(votes.argmax())
    bpm = 60 * RATE / best
    features = np.array((_share(votes, 0, best - SPREAD), _share(votes, best / 2 - SPREAD, best / 2 + SPREAD), bpm))
    features = np.append((features - FEATURE_MIN) / (FEATURE_MAX - FEATURE_MIN), 1)
    same, double, double_or_same = (
        float(features @ border) for border in (SAME_OR_HALF, DOUBLE_OR_HALF, DOUBLE_OR_SAME)
    )
    if double > 0 and double_or_same > 0:
        return 2 * bpm
    return bpm / 2 if same <= 0 and double <= 0 else bpm


def _share(votes: NDArray[np.float64], first: float, last: float) -> float:
    start, end = max(0, int(np.floor(first + 0.5))), int(np.floor(last + 0.5)) + 1
    return float(votes[start : max(start, end)].sum() / votes.sum())
