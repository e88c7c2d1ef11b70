"""Brightness and depth: shares and centres of parts of the spectrum, and how long low sounds last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import BATCH
from services.essentia.engines.features.timbral.attacks import LEAD, Onsets
from services.essentia.engines.features.timbral.peaks import prominent

Numbers = NDArray[np.floating]

FRAME, HOP = 4096, 1024
AUDIBLE_HZ, LOW_SHARE_HZ, LOW_CENTRE_HZ, HIGH_CENTRE_HZ, HIGH_SHARE_HZ = 20, 500, 2000, 100, 2000
# -60 dB and -40 dB, as amplitudes.
QUIET, DECAYED = 1e-3, 1e-2
RMS_STEP = 256
PEAK = 0.01


class Spectrum:
    """Power of frames of 4096 samples every 1024 under a Hamming window, and what filters leave of it.

    The filters are three Butterworth filters of order 2 one after the other. They are applied to the spectra.
    """

    def __init__(self, samples: Samples) -> None:
        frequencies = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
        heard = _high(frequencies, AUDIBLE_HZ)
        low, bass = _low(frequencies, LOW_CENTRE_HZ), _low(frequencies, LOW_SHARE_HZ)
        weights = np.stack((heard, heard * bass, heard * low, heard * low * frequencies), 1).astype(np.float32)
        window = np.hamming(FRAME + 1)[:-1].astype(np.float32)
        scale = 2 / float(window.sum(dtype=np.float64)) ** 2 / max(float(samples.max()), -float(samples.min())) ** 2
        whole = np.pad(samples, (0, max(0, FRAME - samples.size)))
        frames = np.lib.stride_tricks.sliding_window_view(whole, FRAME)[::HOP]
        sums, total = [], np.zeros(frequencies.size)
        for start in range(0, len(frames), BATCH):
            spectra = np.fft.rfft(frames[start : start + BATCH] * window)
            power = np.square(spectra.real) + np.square(spectra.imag)
            sums.append(power @ weights)
            total += power.sum(0, dtype=np.float64)
        self._sums = np.concatenate(sums).astype(np.float64) * scale
        self._frequencies, self._power = frequencies, total * heard

    def brightness(self) -> float | None:
        """Brightness; None where there is no power."""
        centred = self._power * _high(self._frequencies, HIGH_CENTRE_HZ)
        share = float((self._power * _high(self._frequencies, HIGH_SHARE_HZ)).sum() / self._power.sum())
        centre = float((centred * self._frequencies).sum() / centred.sum())
        if not share > 0 or not centre > 0:
            return None
        return 4.613128018020465 * np.log10(share) + 17.378889309312974 * np.log10(centre) + 17.434733750553022

    def depth(self, samples: Samples, onsets: Onsets) -> float | None:
        """Depth; None where no sound has a decay."""
        total, bass, low, low_hz = self._sums.T
        loud = total > QUIET
        if not loud.any():
            return None
        share = float(bass[loud].sum() / total.sum())
        centre = float(np.average(np.where(loud, low_hz / np.maximum(low, 1e-30), 0), weights=total))
        decay = _decay(samples, onsets)
        pitch = self._lowest_peak()
        if decay is None or pitch is None:
            return None
        rounded = share**10 / (share**10 + 0.2)
        return float(
            -0.0043703565847874465 * min(centre, LOW_CENTRE_HZ)
            + 32.83743202462131 * share
            + 4.750862716905235 * decay
            - 14.217438690256062 * pitch
            + 3.8782339862813924 * share * decay
            - 0.8544826091735516 * rounded * decay
            + 66.69534393444391
        )

    def _lowest_peak(self) -> float | None:
        low, high = float(self._power.min()), float(self._power.max())
        if high <= low:
            return None
        found = prominent(((self._power - low) / (high - low))[None], PEAK)[0]
        return float(np.log10(self._frequencies[found[0]])) if found.size and found[0] > 0 else None


def _decay(samples: Samples, onsets: Onsets) -> float | None:
    """Common logarithm of the mean time (s) from the loudest moment of a sound to -40 dB or the next sound."""
    count = max(1, samples.size // RMS_STEP)
    blocks = samples[: count * RMS_STEP].reshape(count, -1)
    levels = np.sqrt(np.einsum("ij,ij->i", blocks, blocks) / blocks.shape[1])
    levels /= levels.max()
    lengths = []
    starts = sorted({max(0, start - LEAD) // RMS_STEP for start in onsets.starts})
    for start, end in zip(starts, (*starts[1:], None), strict=True):
        span = levels[start:end]
        if span.size:
            after = span[span.argmax() :]
            gone = np.flatnonzero(after < DECAYED)
            lengths.append((gone[0] if gone.size else after.size) * RMS_STEP / SAMPLE_RATE)
    mean = float(np.mean(lengths)) if lengths else 0.0
    return float(np.log10(mean)) if mean > 0 else None


def _low(frequencies: Numbers, hz: float) -> Numbers:
    ratio = np.tan(np.pi * np.minimum(frequencies, SAMPLE_RATE * 0.4999999) / SAMPLE_RATE) / np.tan(
        np.pi * hz / SAMPLE_RATE
    )
    return np.asarray(1 / (1 + ratio**4) ** 3)


def _high(frequencies: Numbers, hz: float) -> Numbers:
    ratio = np.tan(np.pi * np.clip(frequencies, 1e-3, SAMPLE_RATE * 0.4999999) / SAMPLE_RATE) / np.tan(
        np.pi * hz / SAMPLE_RATE
    )
    return np.asarray(1 / (1 + ratio**-4.0) ** 3)
