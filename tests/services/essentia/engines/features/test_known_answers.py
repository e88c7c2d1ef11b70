"""Signals with one right answer give it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

# The octave of a bare click track is not defined (the algorithms' authors count half and double as right, Acc2).
OCTAVES = (0.5, 1.0, 2.0)


@pytest.mark.parametrize("bpm", [60, 90, 120, 174])
def test_a_metronome_has_its_tempo_up_to_an_octave(analyze: Analyze, bpm: int) -> None:
    found = analyze(signals.stack(signals.metronome(bpm, 20)), "rhythm")
    for name in ("bpm", "bpm_multifeature", "bpm_degara", "bpm_percival", "bpm_autocorrelation"):
        tempo = found.number(f"rhythm.{name}")
        # 4 % is the tolerance of the field's tempo evaluations.
        assert tempo is not None
        assert min(abs(tempo / (bpm * octave) - 1) for octave in OCTAVES) < 0.04, (name, tempo)


def test_a_metronome_is_regular_and_on_its_beats(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.metronome(120, 20)), "rhythm", include_series=True)
    # The beat grid has a step of 11.6 ms, 2 % of the 500 ms between beats.
    assert found.number("rhythm.beat_interval_seconds_mean") == pytest.approx(0.5, abs=0.01)
    regularity, on_beat = found.number("rhythm.beat_regularity"), found.number("rhythm.on_beat_ratio")
    assert regularity is not None
    assert regularity > 0.95
    assert on_beat is not None
    assert on_beat > 0.9
    assert found.number("rhythm.onset_rate_hz") == pytest.approx(2.0, rel=0.1)
    beats = found.groups["series"]["beat_seconds"]
    assert isinstance(beats, tuple)
    assert len(beats) == found.number("rhythm.beat_count")
    assert np.all(np.diff(beats) > 0)


@pytest.mark.parametrize(
    ("chords", "key"),
    [(signals.C_MAJOR, ("C", "major")), (signals.A_MINOR, ("A", "minor"))],
    ids=["C major", "A minor"],
)
def test_a_cadence_has_its_key(analyze: Analyze, chords: tuple[tuple[int, ...], ...], key: tuple[str, str]) -> None:
    tonal = analyze(signals.stack(signals.cadence(chords)), "tonal").groups["tonal"]
    assert (tonal["key_tonic"], tonal["key_scale"]) == key
    estimates = tonal["key_estimates"]
    assert isinstance(estimates, tuple)
    assert [estimate["profile"] for estimate in estimates if "strength" in estimate] == ["edma", "krumhansl"]
    agreeing = sum((estimate["tonic"], estimate["scale"]) == key for estimate in estimates)
    assert tonal["key_agreement"] == agreeing / len(estimates)


def test_the_chroma_begins_at_c(analyze: Analyze) -> None:
    tonic_chord = signals.cadence((signals.C_MAJOR[0],), 1.0, 4)
    chroma = analyze(signals.stack(tonic_chord), "tonal").groups["tonal"]["chroma"]
    assert isinstance(chroma, tuple)
    assert sum(chroma) == pytest.approx(1, abs=1e-9)
    assert set(np.argsort(chroma)[-3:]) == {0, 4, 7}  # C, E, G


def test_the_chords_of_a_cadence_are_named_in_order(analyze: Analyze) -> None:
    # Each chord lasts longer than the 2 s window in which it is looked for.
    found = analyze(signals.stack(signals.cadence(signals.C_MAJOR, 4.0, 1)), "tonal", include_series=True)
    chords = found.groups["series"]["chords"]
    assert isinstance(chords, tuple)
    lasting = [chord for chord in chords if chord["end_seconds"] - chord["start_seconds"] > 1]
    assert [chord["name"] for chord in lasting] == ["C", "F", "G", "C"]
    assert all(one["end_seconds"] == two["start_seconds"] for one, two in itertools.pairwise(chords))


def test_a_tuned_note_is_in_tune_and_a_sharp_one_is_not(analyze: Analyze) -> None:
    for cents in (0, 30):
        hz = 440 * 2 ** (cents / 1200)
        found = analyze(signals.stack(signals.sine(hz, -10, 3)), "tonal", "pitch")
        # TuningFrequency counts in bins of 1 cent; the peak is interpolated between bins of 10.8 Hz.
        assert found.number("tonal.tuning_cents") == pytest.approx(cents, abs=3)
        assert found.number("pitch.yin_pitch_median_hz") == pytest.approx(hz, rel=0.002)


@pytest.mark.parametrize("peak_dbfs", [-23, -20])
def test_a_sine_in_both_channels_is_as_loud_as_its_peak(analyze: Analyze, peak_dbfs: float) -> None:
    # EBU Tech 3341, test 1: a stereo sine of 1 kHz at -23 dBFS reads -23.0 ± 0.1 LUFS. BS.1770 names 997 Hz.
    tone = signals.sine(997, peak_dbfs, 12)
    found = analyze(signals.stack(tone, tone), "loudness")
    assert found.number("loudness.integrated_lufs") == pytest.approx(peak_dbfs, abs=0.1)
    assert found.number("loudness.momentary_max_lufs") == pytest.approx(peak_dbfs, abs=0.1)
    assert found.number("loudness.short_term_max_lufs") == pytest.approx(peak_dbfs, abs=0.1)
    assert found.number("loudness.loudness_range_lu") == pytest.approx(0, abs=0.1)
    assert found.number("loudness.rms_dbfs") == pytest.approx(peak_dbfs - 3.01, abs=0.01)
    assert found.number("loudness.crest_factor_db") == pytest.approx(3.01, abs=0.01)
    assert found.number("loudness.rms_energy_mid_dbfs") == pytest.approx(peak_dbfs - 3.01, abs=0.05)
    bass = found.number("loudness.rms_energy_bass_dbfs")
    # The Hann window's side lobes have fallen by more than 100 dB so far from the tone; a band edge is never there.
    assert bass is None or bass < -100


def test_a_sine_in_one_channel_is_three_decibels_quieter(analyze: Analyze) -> None:
    tone = signals.sine(997, -20, 5)
    # BS.1770 sums the power of the channels, so half the power is 3.01 dB less, in mono as beside a dead channel.
    for samples in (signals.stack(tone), signals.stack(tone, np.zeros_like(tone))):
        found = analyze(samples, "loudness").number("loudness.integrated_lufs")
        assert found == pytest.approx(-23.01, abs=0.1)


def test_the_true_peak_is_found_between_the_samples(analyze: Analyze) -> None:
    # A quarter of the sample rate, an eighth of a turn late: every sample is 3.01 dB below the peak of the wave.
    tone = 0.5 * np.sin(np.pi / 2 * np.arange(signals.SAMPLE_RATE) + np.pi / 4)
    fade = np.minimum(1, np.minimum(np.arange(tone.size), np.arange(tone.size)[::-1]) / 2000)
    found = analyze(signals.stack(tone * fade), "loudness")
    assert found.number("loudness.peak") == pytest.approx(0.5 / 2**0.5, rel=1e-3)
    # EBU Tech 3341 allows +0.2 and -0.4 dB.
    assert found.number("loudness.true_peak_dbtp") == pytest.approx(-6.02, abs=0.1)


def test_the_bands_share_out_the_power(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.noise(20), signals.noise(20, seed=1)), "loudness")
    for name, low, high in (("bass", 20, 120), ("body", 120, 600), ("mid", 600, 2500), ("air", 2500, 22000)):
        # White noise of deviation 0.1 has -20 dBFS spread evenly over 22,050 Hz. Chance in 100 Hz of two times 20 s is
        # 0.07 dB, and 100 Hz are 18.6 bins of the spectrum, so that up to 0.2 dB lie in the last one.
        expected = -20 + 10 * np.log10((high - low) / 22050)
        assert found.number(f"loudness.rms_energy_{name}_dbfs") == pytest.approx(expected, abs=0.3)


def test_a_sine_is_where_it_is_in_the_spectrum(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.sine(3000, -20, 3)), "spectral")
    # The window's main lobe is 8 bins of 21.5 Hz wide, evenly about the tone; its side lobes add 1 % at most.
    assert found.number("spectral.centroid_hz_mean") == pytest.approx(3000, rel=0.01)
    spread = found.number("spectral.spread_hz_mean")
    # In Hz: the second moment itself would be thousands.
    assert spread is not None
    assert spread < 200
    midhigh = found.number("spectral.energy_midhigh_ratio_mean")
    assert midhigh is not None
    assert midhigh > 0.99


def test_noise_is_flatter_than_a_tone(analyze: Analyze) -> None:
    tone = analyze(signals.stack(signals.sine(3000, -20, 3)), "spectral")
    hiss = analyze(signals.stack(signals.noise(3)), "spectral")
    # The mean of white noise's magnitudes lies at half of 22,050 Hz.
    assert hiss.number("spectral.centroid_hz_mean") == pytest.approx(11025, rel=0.02)
    for name, more, less in (
        ("flatness_mean", tone, hiss),
        ("crest_ratio_mean", tone, hiss),
        ("entropy_bits_mean", hiss, tone),
    ):
        greater, smaller = more.number(f"spectral.{name}"), less.number(f"spectral.{name}")
        assert greater is not None
        assert smaller is not None
        assert greater > 1.2 * smaller, name


def test_the_stereo_image_is_measured(analyze: Analyze) -> None:
    one, two = signals.noise(2, seed=1), signals.noise(2, seed=2)
    same = analyze(signals.stack(one, 0.5 * one), "signal")
    assert same.number("signal.stereo_correlation") == pytest.approx(1, abs=1e-6)
    assert same.number("signal.stereo_balance_db") == pytest.approx(6.02, abs=0.01)
    assert same.number("signal.stereo_width_ratio") == pytest.approx(1 / 3, abs=1e-3)
    apart = analyze(signals.stack(one, two), "signal")
    # Independent noise: correlation 0 with deviation 1 / sqrt(88,200) = 0.0034, so 0.02 is six of them.
    assert apart.number("signal.stereo_correlation") == pytest.approx(0, abs=0.02)
    assert apart.number("signal.stereo_width_ratio") == pytest.approx(1, abs=0.03)


def test_saturated_samples_are_counted(analyze: Analyze) -> None:
    tone = signals.sine(100, -6, 1)
    assert analyze(signals.stack(tone), "signal").number("signal.saturation_count") == 0
    clipped = np.clip(4 * tone, -1, 1)
    found = analyze(signals.stack(clipped), "signal")
    assert found.number("signal.saturation_count") == int((np.abs(clipped) == 1).sum())


def test_the_melody_of_a_tone_is_the_tone(analyze: Analyze) -> None:
    tone = signals.stack(np.sum([signals.sine(220 * number, -20 - 6 * number, 4) for number in range(1, 6)], 0))
    found = analyze(tone, "pitch", include_series=True, melody=True)
    # Melodia's grid is 10 cents.
    assert found.number("pitch.f0_median_hz") == pytest.approx(220, rel=0.01)
    series = found.groups["series"]
    times, pitches = series["melody_seconds"], series["melody_hz"]
    assert isinstance(times, tuple)
    assert isinstance(pitches, tuple)
    assert len(times) == len(pitches) > 100
    assert analyze(tone, "pitch").number("pitch.f0_median_hz") is None


def test_two_timbres_are_two_segments(analyze: Analyze) -> None:
    halves = np.concatenate(
        [signals.noise(15, 0.05), signals.cadence(signals.C_MAJOR, 1.0, 4)[: 15 * signals.SAMPLE_RATE]]
    )
    found = analyze(signals.stack(halves), "structure", include_series=True)
    borders = found.groups["series"]["segment_border_seconds"]
    assert isinstance(borders, tuple)
    # The last refinement of the search moves in steps of 20 frames, 0.46 s.
    assert min(abs(border - 15) for border in borders) < 0.5
