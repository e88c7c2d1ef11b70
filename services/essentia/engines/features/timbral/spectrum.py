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

# Samples: 93 ms every 23 ms.
FRAME, HOP = 4096, 1024
# Where the models' filters cut, Hz. Depth takes the share of power below LOW_SHARE_HZ and the centroid of what is below
# LOW_CENTRE_HZ; brightness the share above HIGH_SHARE_HZ and the centroid of what is above HIGH_CENTRE_HZ.
AUDIBLE_HZ, LOW_SHARE_HZ, LOW_CENTRE_HZ, HIGH_CENTRE_HZ, HIGH_SHARE_HZ = 20, 500, 2000, 100, 2000
# The models call this -60 dB and turn it into an amplitude, but hold it against a power: a frame counts from about
# 28 dB below a sine at the clip's peak. They were fitted so.
QUIET = 1e-3
# -40 dB as an amplitude: where a sound is taken to have died away, against the loudest step of the recording.
DECAYED = 1e-2
# Samples, 5.8 ms: the steps in which a decay is timed.
RMS_STEP = 256
# Share of the range from the weakest bin to the strongest by which a peak must stand out of the summed power. The
# lowest that does is taken for the fundamental.
PEAK = 0.01

# Regressions on the ratings of listeners, 0 to 100, as fitted by the AudioCommons project: timbral_brightness and
# timbral_depth of timbral_models 0.4.0. All digits are kept, so that a score is that of the package.
# Points for a factor of ten in the share of high power, points for a factor of ten in its centroid (Hz), and the rest.
BRIGHTNESS_SHARE, BRIGHTNESS_CENTRE, BRIGHTNESS_REST = 4.613128018020465, 17.378889309312974, 17.434733750553022
# Points for each Hz of the low centroid: the lower, the deeper.
DEPTH_CENTRE = -0.0043703565847874465
# Points for low power alone, where it is all there is.
DEPTH_SHARE = 32.83743202462131
# Points for a decay ten times as long, and for a fundamental ten times as high.
DEPTH_DECAY, DEPTH_PITCH = 4.750862716905235, -14.217438690256062
# A long decay counts for more where it is a low sound's: in proportion, less what a soft switch takes back where nearly
# all of the power is low.
DEPTH_SHARE_DECAY, DEPTH_SWITCH_DECAY = 3.8782339862813924, -0.8544826091735516
DEPTH_REST = 66.69534393444391
# The switch x^n / (x^n + c) is half open where x^n = c: at a share of 0.2^(1/10) = 0.85; at a share of 1 it is 0.83. As
# timbral_models has it (timbral_util.sigmoid); why 10 and 0.2, it does not say.
SWITCH_POWER, SWITCH_OFFSET = 10, 0.2


class Spectrum:
    """Power of frames of 4096 samples every 1024 under a Hamming window, and what filters leave of it.

    The models filter the samples three times by a Butterworth filter of order 2, since one of order 6 is unstable in
    their hands. Here the power of the three is multiplied into the spectra: one transform serves all filters.
    """

    def __init__(self, samples: Samples) -> None:
        frequencies = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
        heard = _high(frequencies, AUDIBLE_HZ)
        low, bass = _low(frequencies, LOW_CENTRE_HZ), _low(frequencies, LOW_SHARE_HZ)
        weights = np.stack((heard, heard * bass, heard * low, heard * low * frequencies), 1).astype(np.float32)
        window = np.hamming(FRAME + 1)[:-1].astype(np.float32)
        # A sine at the peak of the clip has the power 1 / 2: both halves of the spectrum (2), over the window's gain.
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
        """Scores brightness; None where there is no power."""
        centred = self._power * _high(self._frequencies, HIGH_CENTRE_HZ)
        share = float((self._power * _high(self._frequencies, HIGH_SHARE_HZ)).sum() / self._power.sum())
        centre = float((centred * self._frequencies).sum() / centred.sum())
        if not share > 0 or not centre > 0:
            return None
        return float(BRIGHTNESS_SHARE * np.log10(share) + BRIGHTNESS_CENTRE * np.log10(centre) + BRIGHTNESS_REST)

    def depth(self, samples: Samples, onsets: Onsets) -> float | None:
        """Scores depth; None where no sound has a decay."""
        total, bass, low, low_hz = self._sums.T
        loud = total > QUIET
        if not loud.any():
            return None
        # Means over the frames, weighed by power; quiet frames count as nothing low, and not as nothing at all.
        share = float(bass[loud].sum() / total.sum())
        centre = float(np.average(np.where(loud, low_hz / np.maximum(low, 1e-30), 0), weights=total))
        decay = _decay(samples, onsets)
        pitch = self._lowest_peak()
        if decay is None or pitch is None:
            return None
        switch = share**SWITCH_POWER / (share**SWITCH_POWER + SWITCH_OFFSET)
        return float(
            DEPTH_CENTRE * min(centre, LOW_CENTRE_HZ)
            + DEPTH_SHARE * share
            + DEPTH_DECAY * decay
            + DEPTH_PITCH * pitch
            + DEPTH_SHARE_DECAY * share * decay
            + DEPTH_SWITCH_DECAY * switch * decay
            + DEPTH_REST
        )

    def _lowest_peak(self) -> float | None:
        """Common logarithm of the lowest peak's frequency in Hz."""
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


# A Butterworth filter of order 2 passes the power 1 / (1 + r⁴), r being the frequency over that of its edge, or the
# other way round for a high pass; three in a row, the cube of it. A digital filter made by the bilinear transform, as
# the models' are, has the analogue one's response at tan(π f / rate). Half the rate itself would be at infinity.
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
