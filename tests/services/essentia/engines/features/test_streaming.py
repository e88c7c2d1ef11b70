"""Audio of any length is measured window by window, and what is gathered is that of the whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Audio
from chassis.reports import ProgressReport, WarningReport
from services.essentia.contract import SERIES, AnalysisRequest, GroupFeatures, Measured
from services.essentia.engines.features import Features, timeline, windows
from services.essentia.engines.features.values import Values
from tests.services.essentia import signals

RATE = signals.SAMPLE_RATE
GATHERED = ("signal", "loudness", "spectral", "timbre", "structure")
# Means over windows by their contract.
MEANS = {"dynamic_complexity_db", "dynamic_loudness_db"}
# Of an envelope that starts anew with each window.
ENVELOPE = {"effective_duration_seconds", "log_attack_time", "temporal_centroid_ratio"}


def recording() -> signals.Samples:
    """130 s that get louder and brighter, the second minute silent on the left."""
    chords = np.tile(signals.cadence(signals.C_MAJOR, 1.0, 13), 3)[: 130 * RATE]
    rise = np.linspace(0.1, 1, chords.size)
    left, right = chords * rise + signals.noise(130, 0.01) * rise, chords * rise * 0.8
    return signals.stack(left, right)


def groups(events: list[Measured]) -> dict[str, dict[str, object]]:
    return {event.group: dict(event.values) for event in events if isinstance(event, GroupFeatures)}


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]]:
    """The groups of one window of 130 s, and of two of 65 s."""
    request = AnalysisRequest(GATHERED, include_series=True)
    audio = Audio(recording(), RATE)
    return tuple(groups(list(Features(seconds).analyze(audio, request))) for seconds in (600, 65))  # type: ignore[return-value]


@pytest.mark.parametrize("group", GATHERED)
def test_windows_change_nothing_that_is_gathered(
    both: tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]], group: str
) -> None:
    whole, cut = both[0][group], both[1][group]
    assert set(whole) == set(cut)
    for name in set(whole) - MEANS:
        # Sums in another order; the numbers themselves are the same.
        value, tolerance = whole[name], 0.01 if name in ENVELOPE else 1e-4
        if isinstance(value, tuple) and value and isinstance(value[0], dict):
            others = cut[name]
            assert isinstance(others, tuple)
            assert [each["label"] for each in others] == [each["label"] for each in value]
            for one, other in zip(value, others, strict=True):
                numbers = {key: number for key, number in one.items() if key != "label"}
                assert {key: other[key] for key in numbers} == pytest.approx(numbers, rel=tolerance), name
        else:
            assert cut[name] == pytest.approx(value, rel=tolerance, abs=1e-6), name


def test_series_of_windows_are_those_of_the_whole(
    both: tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]],
) -> None:
    whole, cut = (each[SERIES] for each in both)
    assert cut["short_term_lufs"] == pytest.approx(whole["short_term_lufs"], abs=1e-3)
    steps = whole["windows"]
    assert isinstance(steps, tuple)
    assert [step["start_seconds"] for step in steps] == [10.0 * index for index in range(13)]
    assert steps[-1]["end_seconds"] == pytest.approx(130)
    loudness = [step["loudness_lufs"] for step in steps]
    assert loudness == sorted(loudness)
    again = cut["windows"]
    assert isinstance(again, tuple)
    assert all(mine == pytest.approx(other, rel=1e-4) for mine, other in zip(again, steps, strict=True))


def test_each_step_has_the_tempo_and_the_onsets_of_its_own_beats() -> None:
    # A beat that is missed leaves the median alone; two beats have no tempo.
    series = {
        "beat_seconds": (
            *np.arange(0.0, 4.0, 0.5),
            *np.arange(5.0, 10.0, 0.5),
            *np.arange(10.0, 20.0, 0.4),
            21.0,
            25.0,
        ),
        "onset_seconds": tuple(np.arange(0.0, 20.0, 0.25)),
    }
    told = []
    for start in (0.0, 10.0, 20.0):
        step = Values()
        timeline._put_rhythm(step, series, start, start + 10)
        told.append((step.get("bpm"), step.get("onset_rate_hz")))
    assert told == [(120, 4), (pytest.approx(150), 4), (None, 0)]


def test_blocks_of_any_size_are_the_same_audio() -> None:
    samples = signals.music(8)
    request = AnalysisRequest(("signal", "loudness", "spectral"))
    whole = groups(list(Features().analyze(Audio(samples, RATE), request)))
    blocks = (samples[:, at : at + 7919] for at in range(0, samples.shape[1], 7919))
    assert groups(list(Features().analyze_blocks(blocks, request))) == whole


def test_no_audio_at_all_is_refused() -> None:
    with pytest.raises(AntiphonError) as caught:
        list(Features().analyze_blocks(iter(()), AnalysisRequest(("signal",))))
    assert caught.value.reason == "AUDIO_TOO_SHORT"


# A rest of less than a minute is shared out with the window before it.
@pytest.mark.parametrize(
    ("seconds", "lengths"),
    [(5, [5]), (60, [60]), (70, [35, 35]), (119, [59, 60]), (120, [60, 60]), (200, [60, 60, 40, 40])],
)
def test_a_recording_is_cut_into_windows_none_of_them_short(seconds: int, lengths: list[int]) -> None:
    blocks = (np.full((2, RATE), index, np.float32) for index in range(seconds))
    pieces = [piece for piece in windows.cut(blocks, 60) if not isinstance(piece, int)]
    assert [piece[0].shape[1] / RATE for piece in pieces] == lengths
    assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]
    assert np.array_equal(np.concatenate([piece[0][0, ::RATE] for piece in pieces]), np.arange(seconds))


def test_silence_in_one_window_is_said_of_that_window() -> None:
    samples = signals.stack(np.concatenate((np.zeros(60 * RATE), signals.cadence(signals.C_MAJOR, 1.0, 15))))
    events = list(Features(60).analyze(Audio(samples, RATE), AnalysisRequest(("loudness", "tonal"))))
    silent = [event for event in events if isinstance(event, WarningReport) and event.reason == "AUDIO_SILENT"]
    assert [each.message.partition(":")[0] for each in silent] == ["in 1 of 2 windows"]
    found = groups(events)
    assert found["tonal"]["key_tonic"] == "C"
    assert found["loudness"]["silence_ratio"] == pytest.approx(0.5, abs=0.01)


def test_the_first_beat_is_told_from_the_start_of_the_recording() -> None:
    samples = signals.stack(np.concatenate((np.zeros(60 * RATE), signals.metronome(120, 60))))
    found = groups(list(Features(60).analyze(Audio(samples, RATE), AnalysisRequest(("rhythm",), include_series=True))))
    first = found["rhythm"]["first_beat_seconds"]
    assert first == pytest.approx(60.5, abs=0.6)
    beats = found[SERIES]["beat_seconds"]
    assert isinstance(beats, tuple)
    assert first == beats[0]


def test_progress_never_goes_back_and_ends_at_one() -> None:
    samples = signals.stack(signals.noise(190))
    events = Features(60).analyze(Audio(samples, RATE), AnalysisRequest(("signal", "loudness")))
    fractions = [event.fraction for event in events if isinstance(event, ProgressReport)]
    known = [fraction for fraction in fractions if fraction is not None]
    assert known == sorted(known)
    assert known[-1] == 1


def test_memory_does_not_grow_with_length() -> None:
    def peak(minutes: int) -> int:
        rng = np.random.default_rng(0)

        def blocks() -> Iterator[signals.Samples]:
            for _ in range(minutes * 60):
                yield rng.normal(0, 0.1, (1, RATE)).astype(np.float32)

        tracemalloc.start()
        try:
            for _ in Features(60).analyze_blocks(blocks(), AnalysisRequest(("signal", "loudness", "spectral"))):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # numpy reports its arrays to tracemalloc. Two windows are held for a moment, at their border, from two minutes on.
    assert peak(10) < 1.3 * peak(2)
