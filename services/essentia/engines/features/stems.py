"""Measures the stem group: loudness, density of onsets, rhythm against the beat, movement of the harmony."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import beginnings, ebu
from services.essentia.engines.features.beats import follow, off_beat, steady
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.onsets import around, put_evenness
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.timbral.attacks import HOP as STRENGTH_HOP
from services.essentia.engines.features.timbral.attacks import onset_strength
from services.essentia.engines.features.values import Values
from services.essentia.essentia_library import es

# Onsets are counted in windows of four seconds, every two.
DENSITY_SECONDS, DENSITY_HOP_SECONDS = 4.0, 2.0
# Samples: 93 ms every 46 ms.
FRAME, HOP = 4096, 2048
# -80 dBFS, as for the clip.
SOUNDING_RMS = 1e-4
# Mean variance of the chroma that counts as 1, by the definition of older systems; a chroma that sums to 1 and is
# always a single pitch class, another each time, has 0.076.
WIDEST_VARIANCE = 0.1
# Shorter than this no beat is followed, as in the mix.
SHORTEST_SECONDS = 3.0


class Stem:
    """Everything about one stem."""

    def __init__(self) -> None:
        self._onsets: list[NDArray[np.float64]] = []
        self._strengths: list[NDArray[np.float64]] = []
        self._beats: list[NDArray[np.float64]] = []
        self._chroma: list[NDArray[np.float32]] = []

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        clip = window.clip
        if clip.silent:
            return
        window.checkpoint()
        onsets = beginnings.find(clip.mono, not window.start_seconds)
        self._onsets.append(onsets + window.start_seconds)
        self._strengths.append(_strengths(onset_strength(clip.mono), onsets))
        window.checkpoint()
        if not window.request.beat_seconds and clip.seconds >= SHORTEST_SECONDS:
            ticks = follow(clip.mono).degara_seconds
            if steady(len(onsets), len(ticks)):
                self._beats.append(ticks + window.start_seconds)
        window.checkpoint()
        self._chroma.append(_chroma(clip.mono))

    def finish(self, sheet: Sheet) -> None:
        """Fills the group."""
        values = sheet.groups["stem"]
        values["name"] = sheet.request.stem
        if sheet.seconds >= 0.4:
            blocks = sheet.gauge.blocks()
            values.put("integrated_lufs", ebu.integrated(blocks))
            values.put("loudness_range_lu", ebu.loudness_range(blocks))
        onsets, strengths = _joined(self._onsets), _joined(self._strengths)
        values["onset_count"] = len(onsets)
        _put_density(values, onsets, sheet.seconds)
        put_evenness(values, np.diff(onsets))
        given = np.array(sheet.request.beat_seconds, np.float64)
        beats = given if given.size else _joined(self._beats)
        if beats.size and onsets.size:
            values["beats_from"] = "caller" if given.size else "stem"
            off = off_beat(onsets, beats)
            weights = strengths if strengths.sum() > 0 else np.ones(len(onsets))
            values.put("syncopation", float(np.average(off, weights=weights)))
        elif onsets.size:
            sheet.warn("TEMPO_NOT_FOUND", "no steady beat was found in the stem; give beat_seconds", "stem.syncopation")
        chroma = np.concatenate(self._chroma) if self._chroma else np.empty((0, 12))
        if len(chroma) > 1:
            steps = np.linalg.norm(np.diff(chroma, axis=0), axis=1)
            # Two chromas that sum to 1 and share nothing are the square root of 2 apart at most.
            values.put("harmonic_movement", float(steps.mean() / 2**0.5))
            values.put("harmonic_variance", min(1.0, float(chroma.var(0).mean()) / WIDEST_VARIANCE))


def _put_density(values: Values, onsets: NDArray[np.float64], seconds: float) -> None:
    starts = np.arange(0, seconds - DENSITY_SECONDS + 1e-9, DENSITY_HOP_SECONDS)
    if not starts.size:
        return
    counts = np.searchsorted(onsets, starts + DENSITY_SECONDS) - np.searchsorted(onsets, starts)
    rates = counts / DENSITY_SECONDS
    values.put("onset_density_hz_mean", float(rates.mean()))
    if rates.size > 1:
        values.put("onset_density_hz2_variance", float(rates.var()))


def _strengths(rise: NDArray[np.float64], onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    near = around(rise, onsets, SAMPLE_RATE / STRENGTH_HOP)
    return np.array([part.max() if part.size else 0.0 for part in near])


def _chroma(mono: Samples) -> NDArray[np.float32]:
    """Chroma (frames, 12) of the frames that sound; each sums to 1."""
    window, spectrum, rms = es.Windowing(type="blackmanharris62"), es.Spectrum(size=FRAME), es.RMS()
    peaks = es.SpectralPeaks(
        orderBy="magnitude", sampleRate=SAMPLE_RATE, magnitudeThreshold=1e-5, minFrequency=20, maxFrequency=3500,
        maxPeaks=60,
    )  # fmt: skip
    chroma_of = es.HPCP(
        sampleRate=SAMPLE_RATE, normalized="unitSum", minFrequency=20, maxFrequency=3500, weightType="cosine",
        nonLinear=False, harmonics=8,
    )  # fmt: skip
    frames = es.FrameGenerator(mono, frameSize=FRAME, hopSize=HOP, startFromZero=True)
    found = [chroma_of(*peaks(spectrum(window(frame)))) for frame in frames if rms(frame) >= SOUNDING_RMS]
    chroma = np.array(found, np.float32).reshape(-1, 12)
    return np.asarray(chroma[chroma.sum(1) > 0])


def _joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.array(list(itertools.chain.from_iterable(parts)), np.float64)
