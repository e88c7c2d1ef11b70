"""Walks through the spectral frames once, and fills the spectral and the timbre group from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import Sheet, SpectralFrames

FRAME, HOP = 2048, 1024
BINS = FRAME // 2 + 1
NYQUIST = SAMPLE_RATE / 2
SOUNDING_RMS = 1e-4
COEFFICIENTS = 13
CONTRAST_BANDS = 6
MEDIANS = ("flatness", "flux", "skewness", "kurtosis")
BANDS_HZ = {
    "energy_low_ratio": (20, 150),
    "energy_midlow_ratio": (150, 800),
    "energy_midhigh_ratio": (800, 4000),
    "energy_high_ratio": (4000, 20000),
}


def walk(sheet: Sheet) -> None:
    """Leaves the spectral frames on the sheet, for the spectral, the timbre and the structure group."""
    wants_spectral, wants_timbre = (name in sheet.request.groups for name in ("spectral", "timbre"))
    # Side lobes at -92 dB: with those at -62 dB of the customary window, their sum moves a pure tone's centroid by 9 %.
    window, spectrum, rms_of = es.Windowing(type="blackmanharris92"), es.Spectrum(size=FRAME), es.RMS()
    describe, contrast_of = _descriptors(), _contrast()
    mfcc_of, gfcc_of = _cepstrum(es.MFCC), _cepstrum(es.GFCC)
    moments, shape, crossings = es.CentralMoments(range=NYQUIST), es.DistributionShape(), es.ZeroCrossingRate()
    series: dict[str, list[float]] = {}
    contrast, valleys, mfcc, gfcc, rms = [], [], [], [], []
    for index, frame in enumerate(es.FrameGenerator(sheet.clip.mono, frameSize=FRAME, hopSize=HOP, startFromZero=True)):
        if index % 1024 == 0:
            sheet.checkpoint()
        magnitudes = spectrum(window(frame))
        rms.append(rms_of(frame))
        mfcc.append(mfcc_of(magnitudes)[1])
        if rms[-1] < SOUNDING_RMS:
            continue
        if wants_timbre:
            gfcc.append(gfcc_of(magnitudes)[1])
        if wants_spectral:
            row = {name: algorithm(magnitudes) for name, algorithm in describe.items()}
            variance, row["skewness"], row["kurtosis"] = shape(moments(magnitudes))
            row["spread_hz"] = variance**0.5
            row["zero_crossing_ratio"] = crossings(frame)
            for name, value in row.items():
                series.setdefault(name, []).append(value)
            peaks, troughs = contrast_of(magnitudes)
            contrast.append(peaks)
            valleys.append(troughs)
    levels = np.array(rms, np.float32)
    sheet.spectral = SpectralFrames(
        series={name: np.array(values, np.float64) for name, values in series.items()},
        contrast=np.array(contrast, np.float64).reshape(-1, CONTRAST_BANDS),
        valleys=np.array(valleys, np.float64).reshape(-1, CONTRAST_BANDS),
        mfcc=np.array(mfcc, np.float32).reshape(-1, COEFFICIENTS),
        gfcc=np.array(gfcc, np.float64).reshape(-1, COEFFICIENTS),
        sounding=levels >= SOUNDING_RMS,
        rms=levels,
    )


def measure_spectrum(sheet: Sheet) -> None:
    """Fills the spectral group."""
    values, frames = sheet.groups["spectral"], sheet.spectral
    if frames is None or not frames.sounding.any():
        return
    for name, series in frames.series.items():
        values.put_stats(name, series)
    for name in MEDIANS:
        values.put(f"{name}_median", float(np.median(frames.series[name])))
    values.put_array("contrast_mean", frames.contrast.mean(0))
    values.put_array("valley_mean", frames.valleys.mean(0))


def measure_timbre(sheet: Sheet) -> None:
    """Fills the timbre group."""
    values, frames = sheet.groups["timbre"], sheet.spectral
    if frames is None or not frames.sounding.any():
        return
    for name, cepstra in (("mfcc", frames.mfcc[frames.sounding]), ("gfcc", frames.gfcc)):
        values.put_array(f"{name}_mean", cepstra.mean(0, dtype=np.float64))
        if len(cepstra) > 1:
            values.put_array(f"{name}_std", cepstra.std(0, dtype=np.float64))


def _descriptors() -> dict[str, Callable[[Any], float]]:
    return {
        "centroid_hz": es.Centroid(range=NYQUIST),
        "rolloff_hz": es.RollOff(sampleRate=SAMPLE_RATE),
        "flux": es.Flux(),
        "flatness": es.FlatnessDB(),
        "entropy_bits": es.Entropy(),
        "crest_ratio": es.Crest(),
        "complexity": es.SpectralComplexity(sampleRate=SAMPLE_RATE),
        "decrease": es.Decrease(range=NYQUIST),
        "strong_peak_ratio": es.StrongPeak(),
        "hfc": es.HFC(sampleRate=SAMPLE_RATE),
        **{
            name: es.EnergyBandRatio(sampleRate=SAMPLE_RATE, startFrequency=low, stopFrequency=high)
            for name, (low, high) in BANDS_HZ.items()
        },
    }


def _contrast() -> Any:
    return es.SpectralContrast(
        frameSize=FRAME,
        sampleRate=SAMPLE_RATE,
        lowFrequencyBound=20,
        highFrequencyBound=11000,
        numberBands=CONTRAST_BANDS,
    )


def _cepstrum(algorithm: Any) -> Any:
    return algorithm(inputSize=BINS, sampleRate=SAMPLE_RATE, numberCoefficients=COEFFICIENTS)
