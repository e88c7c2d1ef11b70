"""Tempo and beats from shared spectra are those that Essentia finds with spectra of its own."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import beats, onset_functions, percival
from services.essentia.engines.features.frames import batches
from services.essentia.essentia_library import es
from tests.services.essentia import signals


@pytest.fixture(scope="module", params=["music", "loop with a pause", "metronome", "noise"])
def mono(request: pytest.FixtureRequest) -> np.ndarray:
    """Signals with and without a beat, of lengths that are no whole number of frames.

    None is silent anywhere: Essentia's tracker lets silence hiss.
    """
    made = {
        "music": signals.music(16)[0],
        "loop with a pause": np.concatenate(
            (signals.music(8)[0], np.zeros(30011), signals.cadence(signals.A_MINOR, 0.5, 4) + signals.metronome(120, 8))
        ),
        "metronome": signals.metronome(97, 15.03),
        "noise": signals.noise(12.01),
    }
    mono = made[request.param] + signals.noise(len(made[request.param]) / signals.SAMPLE_RATE, 1e-4)
    return mono.astype(np.float32)


def test_onset_functions_are_essentias(mono: np.ndarray) -> None:
    found = onset_functions.measure(mono)
    # Essentia's make phases by arc tangents in float32, these none: a share of 1e-4 of the greatest value.
    window, transform, polar = es.Windowing(type="hann", size=2048), es.FFT(size=2048), es.CartesianToPolar()
    slow = {"complex_difference": "complex", "energy": "rms", "mel": "melflux"}
    algorithms = {name: es.OnsetDetection(method=method) for name, method in slow.items()}
    expected: dict[str, list[float]] = {name: [] for name in slow}
    for frame in es.FrameGenerator(mono, frameSize=2048, hopSize=1024, startFromZero=True):
        magnitudes, phases = polar(transform(window(frame)))
        for name, algorithm in algorithms.items():
            expected[name].append(algorithm(magnitudes, phases))
    whole = {"emphasis": "beat_emphasis", "gain": "infogain"}
    functions = {name: es.OnsetDetectionGlobal(method=method)(mono) for name, method in whole.items()}
    for name, values in {**expected, **functions}.items():
        assert getattr(found, name) == pytest.approx(np.array(values), abs=1e-4 * float(np.max(values))), name


def test_beats_are_rhythm_extractors(mono: np.ndarray) -> None:
    bpm, ticks, confidence, _, _ = es.RhythmExtractor2013(method="multifeature")(mono)
    degara_bpm, degara_ticks, _, _, _ = es.RhythmExtractor2013(method="degara")(mono)
    found = beats.follow(mono)
    # The trackers' grid is 11.6 ms or finer, and rounding can move a beat by one step of it, or tip a close vote.
    assert found.seconds == pytest.approx(ticks, abs=0.012)
    assert found.degara_seconds == pytest.approx(degara_ticks, abs=0.012)
    assert (found.bpm, found.degara_bpm) == pytest.approx((bpm, degara_bpm), rel=2e-3)
    assert found.confidence == pytest.approx(confidence, abs=0.05)


def test_full_agreement_of_the_trackers_is_worth_five_bits() -> None:
    # What Essentia's own gives for one list of beats five times over; its documentation says 5.32.
    ticks = np.arange(0.5, 60, 0.5)
    assert es.TempoTapMaxAgreement()([ticks.astype(np.float32)] * 5)[1] == beats.FULL_AGREEMENT
    assert beats.agreement([ticks] * 5) == pytest.approx(beats.FULL_AGREEMENT)
    assert beats.agreement([ticks, ticks + 0.07])[0] == pytest.approx(beats.FULL_AGREEMENT), "a delay is agreement"
    assert beats.agreement([ticks, np.sort(np.random.default_rng(0).uniform(5, 60, 110))])[0] < 1


def test_beats_after_silence_are_the_same_each_time() -> None:
    clicks = signals.metronome(60, 20).astype(np.float32)
    one, other = beats.follow(clicks), beats.follow(clicks)
    assert np.array_equal(one.seconds, other.seconds)
    assert one.degara_bpm == other.degara_bpm


def test_percivals_tempo_is_essentias(mono: np.ndarray) -> None:
    assert percival.estimate(mono) == pytest.approx(es.PercivalBpmEstimator()(mono), rel=1e-4)


def test_beats_of_nothing_have_no_tempo() -> None:
    assert beats.tempo(np.empty(0)) == beats.tempo(np.array([3.0])) == 0
    assert percival.estimate(np.zeros(512, np.float32)) == 0
    assert percival.estimate(np.zeros(44100, np.float32)) == 0


def test_lists_of_beats_agree_with_themselves_and_less_the_farther_they_are_apart() -> None:
    grid = np.arange(0, 60, 0.5)
    shaken = grid + np.random.default_rng(0).uniform(-0.2, 0.2, grid.size)
    assert beats.agreement([grid, grid, grid]) == pytest.approx(beats.FULL_AGREEMENT)
    alike = beats.agreement([grid, grid, shaken])
    assert alike[0] == alike[1] > alike[2] > 0
    # A list that ends before anything is compared agrees with nothing.
    assert beats.agreement([grid, grid[:5]]) == pytest.approx(0)


@pytest.mark.parametrize(("length", "ahead"), [(100, 0), (5000, 0), (5000, 512), (1, 1024)])
def test_batches_are_frames_with_silence_around_the_signal(length: int, ahead: int) -> None:
    signal = np.arange(1, length + 1, dtype=np.float32)
    padded = np.concatenate((np.zeros(ahead), signal, np.zeros(20000))).astype(np.float32)
    found = np.concatenate([each.copy() for each in batches(signal, 1024, 256, 21, 4, ahead)])
    assert np.array_equal(found, np.lib.stride_tricks.sliding_window_view(padded, 1024)[: 21 * 256 : 256])
