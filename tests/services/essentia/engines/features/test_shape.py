"""What is said of many spectra at once is what Essentia says of one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from services.essentia.engines.features import shape
from services.essentia.engines.features.frames import Framer
from services.essentia.essentia_library import es
from tests.services.essentia import signals

FRAME, HOP, RATE = 2048, 1024, 44100
NYQUIST = RATE / 2


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """Frames of music with a loud and a quiet part, a tone and noise, as Essentia cuts them."""
    parts = [signals.music(4)[0], 0.01 * signals.music(4)[1], signals.sine(3000, -6, 1), signals.noise(2)]
    mono = np.concatenate(parts).astype(np.float32)
    return np.array(list(es.FrameGenerator(mono, frameSize=FRAME, hopSize=HOP, startFromZero=True)))


@pytest.fixture(scope="module")
def spectra(frames: np.ndarray) -> np.ndarray:
    """Essentia's magnitudes of those frames."""
    window, spectrum = es.Windowing(type="blackmanharris92"), es.Spectrum(size=FRAME)
    return np.array([spectrum(window(frame)) for frame in frames])


def test_magnitudes_are_essentias(frames: np.ndarray, spectra: np.ndarray) -> None:
    # Two transforms in float32.
    assert shape.magnitudes(frames, shape.window("blackmanharris92", FRAME)) == pytest.approx(spectra, abs=2e-6)


def one_by_one() -> Iterator[tuple[str, Callable[[np.ndarray], float], float]]:
    """(field, Essentia's algorithm, tolerance as a share of the greatest value)."""
    yield "centroid_hz", es.Centroid(range=NYQUIST), 1e-4
    yield "rolloff_hz", es.RollOff(sampleRate=RATE), 1e-6
    yield "flux", es.Flux(), 1e-4
    yield "flatness", es.FlatnessDB(), 2e-3
    yield "flatness_ratio", es.Flatness(), 2e-3
    yield "entropy_bits", es.Entropy(), 1e-4
    yield "crest_ratio", es.Crest(), 1e-4
    yield "decrease", es.Decrease(range=NYQUIST), 1e-4
    yield "strong_peak_ratio", es.StrongPeak(), 1e-4
    yield "hfc", es.HFC(sampleRate=RATE), 1e-4
    for name, (low, high) in shape.BANDS_HZ.items():
        yield name, es.EnergyBandRatio(sampleRate=RATE, startFrequency=low, stopFrequency=high), 1e-4
    moments, form = es.CentralMoments(range=NYQUIST), es.DistributionShape()
    yield "spread_hz", lambda each: form(moments(each))[0] ** 0.5, 1e-4
    yield "skewness", lambda each: form(moments(each))[1], 1e-4
    yield "kurtosis", lambda each: form(moments(each))[2], 1e-4


@pytest.mark.parametrize(("name", "algorithm", "tolerance"), list(one_by_one()), ids=[each[0] for each in one_by_one()])
def test_a_descriptor_is_essentias(
    spectra: np.ndarray, name: str, algorithm: Callable[[np.ndarray], float], tolerance: float
) -> None:
    expected = np.array([algorithm(each) for each in spectra])
    found = shape.describe(spectra, np.zeros(shape.BINS, np.float32))[name]
    # A single bin of exactly 0 makes Essentia's flatness 0 (or 1, in dB); here it counts as next to nothing.
    kept = spectra.min(1) > 0
    # Sums of a thousand float32 there, of float64 here.
    assert found[kept] == pytest.approx(expected[kept], abs=tolerance * np.abs(expected).max())


def test_peaks_are_counted_as_essentia_counts_them(spectra: np.ndarray) -> None:
    count = es.SpectralComplexity(sampleRate=RATE)
    expected = np.array([count(each) for each in spectra])
    found = shape.describe(spectra, np.zeros(shape.BINS, np.float32))["complexity"]
    # Essentia interpolates a peak before it asks whether it is below 5 kHz: one more or less, seldom.
    assert np.abs(found - expected).max() <= 1
    assert (found != expected).mean() < 0.1


def test_contrast_is_essentias(spectra: np.ndarray) -> None:
    algorithm = es.SpectralContrast(
        frameSize=FRAME, sampleRate=RATE, lowFrequencyBound=20, highFrequencyBound=11000, numberBands=6
    )
    peaks, valleys = (np.array(column) for column in zip(*(algorithm(each) for each in spectra), strict=True))
    found_peaks, found_valleys = shape.contrast(spectra)
    assert found_peaks == pytest.approx(peaks, abs=1e-4)
    assert found_valleys == pytest.approx(valleys, abs=1e-3)


@pytest.mark.parametrize(("kind", "algorithm"), [("mfcc", es.MFCC), ("gfcc", es.GFCC)])
def test_cepstra_are_essentias(spectra: np.ndarray, kind: str, algorithm: type) -> None:
    cepstrum = algorithm(inputSize=shape.BINS, sampleRate=RATE, numberCoefficients=13)
    expected = np.array([cepstrum(each)[1] for each in spectra])
    # Of values up to a thousand.
    assert shape.cepstrum(spectra, kind) == pytest.approx(expected, abs=5e-3)


def test_crossings_are_essentias(frames: np.ndarray) -> None:
    count = es.ZeroCrossingRate()
    assert shape.crossings(frames) == pytest.approx([count(frame) for frame in frames], abs=1e-6)


@pytest.mark.parametrize("length", [100, 1024, 1025, 2047, 2048, 2049, 3072, 3073, 4096, 5000, 10240, 300001])
@pytest.mark.parametrize("piece", [999, 65536])
def test_frames_of_pieces_are_essentias_frames_of_the_whole(length: int, piece: int) -> None:
    mono = signals.noise(8).astype(np.float32)[:length]
    expected = np.array(list(es.FrameGenerator(mono, frameSize=FRAME, hopSize=HOP, startFromZero=True)))
    framer = Framer(FRAME, HOP)
    found = [part.copy() for at in range(0, length, piece) for part in framer.feed(mono[at : at + piece])]
    found += list(framer.finish())
    assert np.array_equal(np.concatenate(found), expected)
