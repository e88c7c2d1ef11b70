"""Hardness: how wide, how high and how sudden the attacks are, after timbral_hardness of timbral_models 0.4.0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import BATCH
from services.essentia.engines.features.timbral.attacks import HOP as STRENGTH_HOP
from services.essentia.engines.features.timbral.attacks import LEAD, Onsets, attack
from services.essentia.engines.features.timbral.zwicker import Loudness

# The models step by 128 samples; frames of 4096 every 1024 have the same greatest bandwidth to within a bin or two.
FRAME, HOP = 4096, 1024
# No attack lasts longer (s); and the centroid is that of the first eighth of a second.
ATTACK_SECONDS, CENTRE_SECONDS = 0.1, 0.125
# Samples (11.6 ms): of less the models take no centroid.
SHORTEST = 512
# -75 dB as an amplitude: the spectrum reaches up to the last bin that is louder, and from where 5 % of the magnitudes
# lie below.
EDGE = 10 ** (-75 / 20)
LOW_SHARE = 0.05
# Hz. What is not above the first counts as SAMPLE_RATE / 512 Hz, a slip of the models that they were fitted with (they
# meant the width of a bin of 512 samples); the second is the least centroid.
LEAST_BANDWIDTH_HZ, LEAST_CENTRE_HZ = 512.0, 200.0
# Frames count as loud above this share of the range of levels; an attack in the bandwidth begins at this share of its
# rise. Both as in the models.
LOUD_SHARE, RISE_SHARE = 0.1, 0.2
# Tenths of a Bark, 770 to 2700 Hz or so: the middle, where hard sounds are loud.
MIDDLE = (70, 140)
# Medians over 31 frames and 31 bins part strokes from tones; one frame in 32 and one bin in two tell the share.
MEDIAN, MASK_FRAME, MASK_HOP = 31, 2048, 512
FRAME_STEP, BIN_STEP = 32, 2
# Regression on the ratings of listeners, 0 to 100 (timbral_hardness): points for a factor of ten in the bandwidth of
# the attacks (Hz), their centroid (Hz), the loudness of the middle (sone), the share of strokes, the strength of the
# onsets (dB) and the attack time (s), and the rest. Only a longer attack makes softer.
BY_WIDTH, BY_CENTRE, BY_MIDDLE = 12.079781720638145, 18.52100377170042, 14.139883645260355
BY_STROKES, BY_STRENGTH, BY_TIME = 5.567690321917516, 3.9346817690405635, -4.326890461087848
REST = -85.60352209068202


def measure(samples: Samples, onsets: Onsets, loudness: Loudness) -> float | None:
    """Scores hardness; None where no attack is found."""
    led = np.pad(samples, (LEAD, 0))
    bandwidth = _bandwidth(led)
    widths, times, strengths, width_strengths, centres = [], [], [], [], []
    for span in onsets.spans():
        strength = onsets.strength[
            span.start // STRENGTH_HOP : None if span.stop is None else span.stop // STRENGTH_HOP
        ]
        greatest = float(strength.max()) if strength.size else 0.0
        # From the frame that ends where the sound begins, as the models count: its last samples may be wide already.
        first = max(0, span.start - FRAME) // HOP
        last = None if span.stop is None else max(first + 1, (span.stop - FRAME) // HOP)
        width = _attack_width(bandwidth[first:last])
        if width is not None:
            widths.append(width)
            width_strengths.append(greatest)
        rise = attack(onsets.envelope[span])
        if rise is None:
            continue
        strengths.append(greatest)
        times.append(rise[0])
        centre = _centre(led[span][rise[1] : rise[1] + round(CENTRE_SECONDS * SAMPLE_RATE)])
        if centre is not None:
            centres.append(centre)
    middle = loudness.level(*MIDDLE)[1]
    share = _stroke_share(samples)
    if not times or not np.mean(strengths) > 0 or middle <= 0 or share is None:
        return None
    # The bandwidths of strong onsets are heard best, so they weigh the most.
    width = float(np.average(widths, weights=width_strengths)) if sum(width_strengths) > 0 else 0.0
    width = width if width > LEAST_BANDWIDTH_HZ else SAMPLE_RATE / LEAST_BANDWIDTH_HZ
    centre = max(LEAST_CENTRE_HZ, float(np.mean(centres)) if centres else 0.0)
    return float(
        BY_WIDTH * np.log10(width)
        + BY_CENTRE * np.log10(centre)
        + BY_MIDDLE * np.log10(middle)
        + BY_STROKES * np.log10(share)
        + BY_STRENGTH * np.log10(np.mean(strengths))
        + BY_TIME * np.mean(times)  # of which each is a logarithm already
        + REST
    )


def _bandwidth(samples: Samples) -> NDArray[np.float64]:
    """Width (Hz) of the spectrum above -75 dB, one number a frame; 0 in quiet frames."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    # The models take scipy's density of magnitude, |X| / sqrt(rate · frame) for a window of ones; so here the edge is
    # scaled instead of every spectrum.
    edge = EDGE * np.sqrt(SAMPLE_RATE * FRAME)
    levels, lows, highs = [], [], []
    for start in range(0, len(frames), BATCH // 2):
        part = frames[start : start + BATCH // 2]
        spectra = np.abs(np.fft.rfft(part - part.mean(1, keepdims=True)))
        sums = np.cumsum(spectra, axis=1)
        levels.append(sums[:, -1])
        lows.append((sums < LOW_SHARE * sums[:, -1:]).sum(1))
        wide = spectra >= edge
        highs.append(np.where(wide.any(1), FRAME // 2 - wide[:, ::-1].argmax(1), -1))
    level, low, high = np.concatenate(levels), np.concatenate(lows), np.concatenate(highs)
    loud = level > level.min() + LOUD_SHARE * (level.max() - level.min())
    return np.where(loud & (high >= 0), (high - low) * (SAMPLE_RATE / FRAME), 0.0)


def _attack_width(bandwidth: NDArray[np.float64]) -> float | None:
    """Greatest width (Hz) in the attack, which begins where the width rises to its peak; None without a rise."""
    peak = int(bandwidth.argmax()) if bandwidth.size else 0
    if not peak or bandwidth[peak] <= 0:
        return None
    before = bandwidth[:peak]
    lowest = int(np.flatnonzero(before == before.min())[-1])
    rise = bandwidth[lowest : peak + 1]
    start = lowest + int(np.argmax(rise >= rise.min() + RISE_SHARE * (rise.max() - rise.min())))
    return float(bandwidth[start : start + round(ATTACK_SECONDS * SAMPLE_RATE / HOP)].max())


def _centre(samples: Samples) -> float | None:
    """Centroid (Hz) of the magnitudes of an attack from 20 Hz up; None where it is too short or silent."""
    if samples.size <= SHORTEST:
        return None
    size = 1 << (samples.size - 1).bit_length()
    spectrum, hz = np.abs(np.fft.rfft(samples, size)), np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    heard = hz >= 20
    total = float(spectrum[heard].sum())
    return float((spectrum[heard] * hz[heard]).sum()) / total if total > 0 else None


def _stroke_share(samples: Samples) -> float | None:
    """Share of the amplitude in strokes, by the medians of Fitzgerald; weighed by amplitude."""
    half = MEDIAN // 2
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(MASK_FRAME) / MASK_FRAME)).astype(np.float32)
    padded = np.pad(samples, MASK_FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, MASK_FRAME)[::MASK_HOP]
    strokes, whole = 0.0, 0.0
    for centre in range(min(half, len(frames) // 2), len(frames), FRAME_STEP):
        near = frames[max(0, centre - half) : centre + half + 1]
        spectra = np.abs(np.fft.rfft(near * window))
        here = spectra[min(centre, half)]
        tones = _median(np.ascontiguousarray(spectra[:, ::BIN_STEP].T))
        around = np.lib.stride_tricks.sliding_window_view(np.pad(here, half, mode="reflect"), MEDIAN)[::BIN_STEP]
        stroke = _median(around)
        power = np.square(here[::BIN_STEP])
        # Wiener's soft mask: the share of the stroke in the power of each bin (Fitzgerald 2010).
        mask = np.square(stroke) / np.maximum(np.square(stroke) + np.square(tones), 1e-30)
        hit = float(np.sqrt((power * mask**2).sum()))
        tone = float(np.sqrt((power * (1 - mask) ** 2).sum()))
        strokes += hit
        whole += hit + tone
    return strokes / whole if whole > 0 and strokes > 0 else None


def _median(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    # Of the sorted ones: rows are short, and sorting them is quicker than numpy's own median.
    return np.asarray(np.sort(rows, axis=1)[:, rows.shape[1] // 2])
