"""Walks through the pitch classes of a clip, on which key and chords rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.essentia_library import es

# Samples: 93 ms every 46 ms. KeyExtractor's frames are as long and twice as far apart.
FRAME, HOP = 4096, 2048
# Hz, magnitude, and number of the peaks: KeyExtractor's own.
LOW_HZ, HIGH_HZ, LEAST_PEAK, MAX_PEAKS = 25, 3500, 1e-4, 60
# Harmonics that each peak is shared with, also its own.
HARMONICS = 4
# Frames between two looks at whether the caller still waits.
CHECK_EVERY = 512
A4_HZ = 440.0
# From C up, as Essentia names them.
TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# HPCP counts from A.
SEMITONES_FROM_A_TO_C = 3


def walk(mono: Samples, checkpoint: Callable[[], None] = lambda: None, cents: float = 0.0) -> NDArray[np.float64]:
    """Gives the energy of the pitch classes of samples at SAMPLE_RATE: (frames, 12) from C up, 21.5 frames a second.

    The front end of Essentia's KeyExtractor: peaks of the spectrum, whitened, each shared with four of its harmonics.
    On a grid that lies ``cents`` above that of A at 440 Hz: music that is tuned between two semitones would be shared
    out between both. Frame ``i`` has its middle at sample ``i * HOP``; every second frame is one of KeyExtractor's.
    """
    window, spectrum = es.Windowing(type="hann", size=FRAME), es.Spectrum(size=FRAME)
    peaks = es.SpectralPeaks(
        orderBy="magnitude",
        magnitudeThreshold=LEAST_PEAK,
        minFrequency=LOW_HZ,
        maxFrequency=HIGH_HZ,
        maxPeaks=MAX_PEAKS,
        sampleRate=SAMPLE_RATE,
    )
    whiten = es.SpectralWhitening(maxFrequency=HIGH_HZ, sampleRate=SAMPLE_RATE)
    fold = es.HPCP(
        bandPreset=False,
        harmonics=HARMONICS,
        minFrequency=LOW_HZ,
        maxFrequency=HIGH_HZ,
        normalized="none",
        size=12,
        weightType="cosine",
        windowSize=1.0,
        referenceFrequency=A4_HZ * 2 ** (cents / 1200),
        sampleRate=SAMPLE_RATE,
    )
    classes = []
    for index, frame in enumerate(es.FrameGenerator(mono, frameSize=FRAME, hopSize=HOP)):
        if index % CHECK_EVERY == 0:
            checkpoint()
        magnitudes = spectrum(window(frame))
        frequencies, heights = peaks(magnitudes)
        classes.append(fold(frequencies, whiten(magnitudes, frequencies, heights)))
    return np.roll(np.array(classes, np.float64).reshape(-1, 12), -SEMITONES_FROM_A_TO_C, axis=1)
