"""What was measured window by window becomes one answer by rules that the names of the fields give."""

from __future__ import annotations

import pytest

from chassis.reports import WarningReport
from services.essentia.engines.features import combine


def test_one_window_goes_through_as_it_is() -> None:
    values = {"bpm": 120.0, "key_tonic": "C", "chroma": (0.5, 0.5), "beat_count": 7}
    assert combine.groups([(10.0, values)]) == values
    assert combine.groups([(10.0, {}), (5.0, values)]) == values


def test_means_are_weighed_by_seconds_and_deviations_pooled() -> None:
    found = combine.groups([(10.0, {"x_mean": 1.0, "x_std": 0.0}), (30.0, {"x_mean": 5.0, "x_std": 0.0})])
    assert found["x_mean"] == pytest.approx(4)
    # Of 1, 5, 5, 5: nothing varies within the windows, all between them.
    assert found["x_std"] == pytest.approx(3**0.5)


def test_a_tempo_is_never_one_that_no_window_has() -> None:
    windows = [(10.0, {"bpm": 60.0}), (10.0, {"bpm": 120.0}), (10.0, {}), (10.0, {"bpm": 121.0})]
    assert combine.groups(windows)["bpm"] == 120


def test_counts_are_summed_and_names_are_those_of_most_seconds() -> None:
    windows = [(10.0, {"beat_count": 3, "key": "C"}), (30.0, {"beat_count": 4, "key": "D"}), (15.0, {"key": "C"})]
    assert combine.groups(windows) == {"beat_count": 7, "key": "D"}


def test_messages_with_a_name_are_combined_under_it() -> None:
    windows = [
        (
            10.0,
            {"key_estimates": ({"profile": "edma", "tonic": "C", "strength": 0.4}, {"profile": "b", "strength": 1.0})},
        ),
        (30.0, {"key_estimates": ({"profile": "edma", "tonic": "G", "strength": 0.8},)}),
    ]
    assert combine.groups(windows)["key_estimates"] == (
        {"profile": "edma", "tonic": "G", "strength": pytest.approx(0.7)},
        {"profile": "b", "strength": 1.0},
    )


def test_a_share_is_nothing_where_it_is_not_told() -> None:
    one = {"chord_shares": ({"name": "C", "share": 0.75}, {"name": "G", "share": 0.25})}
    other = {"chord_shares": ({"name": "Am", "share": 1.0},)}
    found = combine.groups([(20.0, one), (20.0, other), (40.0, {"key_tonic": "C"})])["chord_shares"]
    assert found == ({"name": "Am", "share": 0.5}, {"name": "C", "share": 0.375}, {"name": "G", "share": 0.125})


def test_a_key_is_never_one_that_no_window_has() -> None:
    def key(tonic: str, scale: str, second: tuple[str, str]) -> dict[str, object]:
        names = ("key_tonic", "key_scale", "key_alternative_tonic", "key_alternative_scale")
        estimate = {"profile": "edma", "tonic": tonic, "scale": scale, "strength": 0.5}
        return {**dict(zip(names, (tonic, scale, *second), strict=True)), "key_estimates": (estimate,)}

    # Most seconds have the tonic A, and most are in major; but none are in A major.
    windows = [
        (40.0, key("C", "major", ("A", "minor"))),
        (35.0, key("A", "minor", ("C", "major"))),
        (30.0, key("G", "major", ("A", "minor"))),
        (10.0, key("A", "minor", ("D", "minor"))),
    ]
    found = combine.groups(windows)
    assert (found["key_tonic"], found["key_scale"]) == ("A", "minor")
    assert (found["key_alternative_tonic"], found["key_alternative_scale"]) == ("C", "major")
    assert found["key_estimates"] == (
        {"profile": "edma", "tonic": "A", "scale": "minor", "strength": pytest.approx(0.5)},
    )


def test_the_second_key_is_not_the_first_one() -> None:
    names = ("key_tonic", "key_scale", "key_alternative_tonic", "key_alternative_scale")
    windows = [
        (50.0, dict(zip(names, ("C", "major", "A", "minor"), strict=True))),
        (40.0, dict(zip(names, ("G", "major", "C", "major"), strict=True))),
    ]
    found = combine.groups(windows)
    assert [found[name] for name in names] == ["C", "major", "A", "minor"]


def test_times_are_moved_to_where_their_window_starts() -> None:
    windows = [
        (0.0, {"beat_seconds": (1.0, 2.0), "melody_hz": (440.0,), "chords": ({"start_seconds": 0.0, "name": "C"},)}),
        (10.0, {"beat_seconds": (0.5,), "melody_hz": (220.0,), "chords": ({"start_seconds": 1.0, "name": "G"},)}),
    ]
    assert combine.series(windows) == {
        "beat_seconds": (1.0, 2.0, 10.5),
        "melody_hz": (440.0, 220.0),
        "chords": ({"start_seconds": 0.0, "name": "C"}, {"start_seconds": 11.0, "name": "G"}),
    }


def test_a_warning_says_in_how_many_windows_it_was_found() -> None:
    silent, unclear = WarningReport("AUDIO_SILENT", "nothing"), WarningReport("KEY_UNCLEAR", "flat", "tonal.key_tonic")
    found = combine.warnings([[silent, unclear], [silent], []])
    assert [(each.reason, each.message) for each in found] == [
        ("AUDIO_SILENT", "in 2 of 3 windows: nothing"),
        ("KEY_UNCLEAR", "in 1 of 3 windows: flat"),
    ]
    assert combine.warnings([[unclear]]) == [unclear]
