"""Walks through the harmonic frames once: chroma, dissonance, partials, YIN."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import yin
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.pitch_classes import FRAME, HOP
from services.essentia.engines.features.sheet import HarmonicFrames, Sheet
from services.essentia.essentia_library import es

# -80 dBFS, as for the clip: a quieter frame has no pitch.
SOUNDING_RMS = 1e-4
# Hz: from the lowest that is heard to above the highest fundamental of most music; higher partials only blur the
# chroma.
LOW_HZ, HIGH_HZ = 20, 3500
# Peaks weaker than -100 dBFS are noise, and the 60 strongest or lowest are enough.
LEAST_PEAK, MOST_PEAKS = 1e-5, 60
# Odd over even partials is unbounded for a clarinet-like tone; one such frame must not be the mean.
GREATEST_ODD_EVEN = 1000.0
# Bins of 10 cents, for what is not in equal temperament; a mean over every fourth frame is that of all.
FINE_BINS, FINE_EVERY = 120, 4
# Partials that each peak may be of, and which it therefore counts for, with less weight the higher.
HARMONICS = 8
# Frames whose pitch is told at once, to stay in the processor's cache; and between two looks at whether anyone waits.
BATCH, CHECK_EVERY = 32, 512
STATISTICS = (
    "dissonance", "pitch_salience", "inharmonicity", "odd_even_ratio",
    "tristimulus_1", "tristimulus_2", "tristimulus_3",
)  # fmt: skip


def walk(sheet: Sheet) -> None:
    """Leaves the harmonic frames on the sheet, for the tonal and the pitch group."""
    window, spectrum, rms = es.Windowing(type="blackmanharris62"), es.Spectrum(size=FRAME), es.RMS()
    by_magnitude, by_frequency = _peaks("magnitude"), _peaks("frequency")
    chroma_of, fine_of = _chroma(12, weightType="cosine", nonLinear=False, harmonics=HARMONICS), _chroma(FINE_BINS)
    dissonance, salience, partials = es.Dissonance(), es.PitchSalience(sampleRate=SAMPLE_RATE), _Partials()
    tuning_of = es.TuningFrequency()
    series: dict[str, list[float]] = {name: [] for name in STATISTICS}
    chroma, fine, sounding, pitch, confidence = [], [], [], [], []
    tuning = None
    for index, (frame, f0, sure) in enumerate(_pitched(sheet.clip.evened())):
        if index % CHECK_EVERY == 0:
            sheet.checkpoint()
        sounding.append(rms(frame) >= SOUNDING_RMS)
        if not sounding[-1]:
            chroma.append(np.zeros(12, np.float32))
            continue
        magnitudes = spectrum(window(frame))
        # HPCP and the tuning want the strongest peaks first; dissonance and partials take them by frequency alone.
        strongest = by_magnitude(magnitudes)
        if len(strongest[0]):
            # The algorithm keeps a histogram of all frames it was given, so the last answer is that of the clip.
            tuning = tuning_of(*strongest)
        chroma.append(chroma_of(*strongest))
        if index % FINE_EVERY == 0:
            fine.append(fine_of(*strongest))
        peaks = by_frequency(magnitudes)
        series["dissonance"].append(dissonance(*peaks))
        series["pitch_salience"].append(salience(magnitudes))
        pitch.append(f0)
        confidence.append(sure)
        if f0 and len(peaks[0]):
            partials.add(series, peaks[0], peaks[1], f0)
    sheet.harmonic = HarmonicFrames(
        chroma=np.array(chroma, np.float32).reshape(-1, 12),
        fine_chroma=np.mean(fine, 0, dtype=np.float32) if fine else np.zeros(FINE_BINS, np.float32),
        sounding=np.array(sounding, bool),
        series={name: np.array(values, np.float64) for name, values in series.items()},
        pitch_hz=np.array(pitch, np.float64),
        pitch_confidence=np.array(confidence, np.float64),
        tuning=None if tuning is None else _nearest(float(tuning[0]), float(tuning[1])),
    )


def _pitched(mono: Samples) -> Iterator[tuple[NDArray[np.float32], float, float]]:
    """Yields each frame with its pitch (Hz, 0 for none) and how sure that is."""
    frames = iter(es.FrameGenerator(mono, frameSize=FRAME, hopSize=HOP, startFromZero=True))
    while batch := list(islice(frames, BATCH)):
        yield from zip(batch, *(each.tolist() for each in yin.follow(np.stack(batch))), strict=True)


def _nearest(hertz: float, cents: float) -> tuple[float, float]:
    """The tuning as a distance from the nearest semitone: Essentia counts up to 65 cents above one."""
    return (hertz / 2 ** (1 / 12), cents - 100) if cents > 50 else (hertz, cents)


class _Partials:
    def __init__(self) -> None:
        self._select, self._inharmonicity = es.HarmonicPeaks(), es.Inharmonicity()
        self._odd_even, self._tristimulus = es.OddToEvenHarmonicEnergyRatio(), es.Tristimulus()

    def add(self, series: dict[str, list[float]], frequencies: Any, magnitudes: Any, f0: float) -> None:
        harmonics = self._select(frequencies, magnitudes, f0)
        series["inharmonicity"].append(self._inharmonicity(*harmonics))
        series["odd_even_ratio"].append(min(float(self._odd_even(*harmonics)), GREATEST_ODD_EVEN))
        for number, share in enumerate(self._tristimulus(*harmonics), 1):
            series[f"tristimulus_{number}"].append(float(share))


def _peaks(order: str) -> Any:
    return es.SpectralPeaks(
        orderBy=order,
        sampleRate=SAMPLE_RATE,
        magnitudeThreshold=LEAST_PEAK,
        minFrequency=LOW_HZ,
        maxFrequency=HIGH_HZ,
        maxPeaks=MOST_PEAKS,
    )


def _chroma(size: int, **options: Any) -> Any:
    return es.HPCP(
        size=size,
        sampleRate=SAMPLE_RATE,
        normalized="unitMax",
        minFrequency=LOW_HZ,
        maxFrequency=HIGH_HZ,
        **options,
    )
