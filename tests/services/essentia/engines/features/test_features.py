"""The engine keeps to its interface and to the contract's field names."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.audio import Audio
from services.essentia.contract import AESTHETICS, ALL_GROUPS, GROUPS, SERIES, AnalysisRequest, GroupFeatures, Measured
from services.essentia.engines.features import Features
from tests.fixtures.pipe import passed
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analysis, Analyze

# Fields that music of twenty seconds need not have, with the reason.
MAY_BE_ABSENT = {
    "bpm_second_peak": "the beats of a machine have one peak",
    "bpm_second_peak_weight": "the beats of a machine have one peak",
    "bpm_second_peak_spread": "the beats of a machine have one peak",
    "downbeat_seconds": "the chords change twice a bar; see test_bars.py",
    "key_entropy_bits": "the network of keys is not in the starter set",
    "notes": "notes were not asked for",
    "note_count": "notes were not asked for",
    "note_rate_hz": "notes were not asked for",
    "note_seconds_mean": "notes were not asked for",
    "polyphony_mean": "notes were not asked for",
    "note_midi_min": "notes were not asked for",
    "note_midi_max": "notes were not asked for",
    "swing_ratio": "nothing lies between the beats",
}


def test_the_groups_are_the_fields_of_the_contract() -> None:
    assert {field.name for field in pb.Features.DESCRIPTOR.fields} == {*ALL_GROUPS, AESTHETICS, SERIES}


@pytest.mark.parametrize("group", [*GROUPS, SERIES])
def test_music_fills_every_field_of_the_contract_and_no_other(music: Analysis, group: str) -> None:
    fields = {field.name for field in pb.Features.DESCRIPTOR.fields_by_name[group].message_type.fields}
    assert set(music.groups[group]) - fields == set()
    assert fields - set(music.groups[group]) - set(MAY_BE_ABSENT) == set()


def test_every_value_fits_the_type_of_its_field(music: Analysis) -> None:
    for group, values in music.groups.items():
        message = pb.Features(**{group: dict(values)})
        # Equality after the wire: nothing was cut or rounded on its way into the message.
        again = pb.Features.FromString(message.SerializeToString())
        for name, value in values.items():
            sent = getattr(getattr(again, group), name)
            if isinstance(value, tuple) and value and isinstance(value[0], dict):
                assert len(sent) == len(value)
            else:
                assert (tuple(sent) if isinstance(value, tuple) else sent) == value, (group, name)


def test_music_has_at_least_148_numbers_without_cepstra(music: Analysis) -> None:
    plain = [value for group in GROUPS for value in music.groups[group].values() if isinstance(value, int | float)]
    arrays = [music.groups["tonal"]["chroma"], music.groups["spectral"]["contrast_mean"]]
    assert len(plain) + sum(len(array) for array in arrays if isinstance(array, tuple)) >= 148


@pytest.mark.parametrize(("name", "length"), [("mfcc_mean", 13), ("mfcc_std", 13), ("gfcc_mean", 13), ("gfcc_std", 13)])
def test_cepstra_have_thirteen_numbers(music: Analysis, name: str, length: int) -> None:
    values = music.groups["timbre"][name]
    assert isinstance(values, tuple)
    assert len(values) == length
    assert len(set(values)) == length


def test_the_same_audio_gives_the_same_numbers_again(analyze: Analyze, music: Analysis) -> None:
    # Between the two another clip: what an algorithm keeps from one call to the next would show.
    analyze(signals.stack(signals.metronome(90, 5)), melody=True)
    again = analyze(signals.music(), include_series=True, melody=True)
    assert again.groups == music.groups


def test_other_audio_gives_other_numbers(analyze: Analyze, music: Analysis) -> None:
    other = analyze(signals.stack(signals.cadence(signals.A_MINOR)), "spectral", "timbre")
    assert other.groups["spectral"] != music.groups["spectral"]
    assert other.groups["timbre"] != music.groups["timbre"]


@pytest.mark.parametrize("group", GROUPS)
def test_one_group_alone_has_the_numbers_it_has_among_all(analyze: Analyze, music: Analysis, group: str) -> None:
    alone = analyze(signals.music(), group, melody=True)
    assert alone.order == (group,)
    # What needs two groups: the chords have a say in where bars begin.
    shared = {"chord_changes_per_beat", "meter", "meter_segments"}
    values, both = (
        {name: value for name, value in each.groups[group].items() if name not in shared} for each in (alone, music)
    )
    assert values == both


def test_groups_come_as_soon_as_they_are_finished(engine: Features) -> None:
    request = AnalysisRequest(("signal", "spectral"))
    names = [type(event).__name__ for event in engine.analyze(Audio(signals.music(), 44100), request)]
    # Signal is one step; the spectrum two more; each is told right after its last.
    assert names == [
        "ProgressReport",
        "GroupFeatures",
        "ProgressReport",
        "ProgressReport",
        "GroupFeatures",
        "ProgressReport",
    ]


def test_progress_counts_steps_and_ends_at_one(music: Analysis) -> None:
    fractions = [step.fraction for step in music.progress]
    assert fractions == sorted(fractions, key=lambda fraction: fraction or 0)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert np.allclose(np.diff([fraction or 0 for fraction in fractions]), 1 / (len(fractions) - 1))
    assert all(step.step for step in music.progress[:-1])


def test_an_unknown_group_is_refused_by_name() -> None:
    with pytest.raises(AntiphonError, match="tempo") as caught:
        AnalysisRequest(("tempo",))
    assert (caught.value.reason, caught.value.field) == ("UNKNOWN_GROUP", "config.groups")
    assert "rhythm" in caught.value.message


@pytest.mark.parametrize("calls", [0, 5, 20])
def test_a_checkpoint_ends_the_work(engine: Features, calls: int) -> None:
    left = calls

    def checkpoint() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(engine.analyze(Audio(signals.music(), 44100), AnalysisRequest(), checkpoint))


def test_long_audio_is_followed_in_windows_without_losing_the_tempo(analyze: Analyze) -> None:
    # The engine of these tests cuts at 60 s, so 70 s make two windows of 35 s.
    whole = signals.stack(signals.metronome(120, 70))
    found = analyze(whole, "rhythm", include_series=True)
    assert "RHYTHM_WINDOWED" in found.reasons()
    assert found.number("rhythm.bpm") == pytest.approx(120, rel=0.01)
    beats = found.groups[SERIES]["beat_seconds"]
    assert isinstance(beats, tuple)
    assert beats[-1] > 65
    # A beat may be missing or doubled at the border; within the windows the step is 0.5 s.
    steps = np.diff(beats)
    assert (np.abs(steps - 0.5) > 0.05).sum() <= 2
    assert found.number("rhythm.beat_interval_seconds_mean") == pytest.approx(0.5, abs=0.01)


def test_every_event_passes_the_pipe_of_a_worker_unchanged(engine: Features) -> None:
    events = list(engine.analyze(Audio(signals.music(8), 44100), AnalysisRequest(include_series=True)))
    assert any(isinstance(event, GroupFeatures) for event in events)
    assert [passed(event, Measured) for event in events] == events
