"""The key is a vote of profiles, each of which gives what Essentia's own extractor gives."""

from __future__ import annotations

import numpy as np
import pytest

from chassis.errors import AntiphonError
from services.essentia.engine import KEY_PROFILES, USUAL_KEY_PROFILES, AnalysisRequest
from services.essentia.engines.features import key, pitch_classes
from services.essentia.engines.features.library import es
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze


@pytest.mark.parametrize("profile", KEY_PROFILES)
@pytest.mark.parametrize(
    ("chords", "expected"), [(signals.C_MAJOR, ("C", "major")), (signals.A_MINOR, ("A", "minor"))], ids=["C", "Am"]
)
def test_a_cadence_has_its_key_by_every_profile(
    analyze: Analyze, profile: str, chords: tuple[tuple[int, ...], ...], expected: tuple[str, str]
) -> None:
    tonal = analyze(signals.stack(signals.cadence(chords)), "tonal", key_profiles=(profile,)).groups["tonal"]
    assert (tonal["key_tonic"], tonal["key_scale"]) == expected
    estimates = tonal["key_estimates"]
    assert isinstance(estimates, tuple)
    assert [estimate["profile"] for estimate in estimates] == [profile]
    assert tonal["key_agreement"] == 1


@pytest.mark.parametrize("profile", KEY_PROFILES)
def test_a_profile_agrees_with_the_key_extractor(profile: str) -> None:
    for samples in (signals.music(12)[0], signals.cadence(signals.A_MINOR).astype(np.float32)):
        tonic, scale, strength = es.KeyExtractor(profileType=profile)(np.ascontiguousarray(samples))
        found = key.vote(pitch_classes.walk(np.ascontiguousarray(samples))[::2].mean(0), (profile,))
        assert (found.tonic, found.scale) == (tonic, scale)
        # Both sum in float32.
        assert found.strength == pytest.approx(strength, abs=1e-3)


def test_all_profiles_can_be_chosen_and_their_names_are_those_of_the_contract() -> None:
    assert tuple(key.PROFILES) == KEY_PROFILES
    assert set(USUAL_KEY_PROFILES) < set(KEY_PROFILES)
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest(key_profiles=("edma", "nobody"))
    assert caught.value.reason == "UNKNOWN_KEY_PROFILE"


def test_the_first_chord_decides_between_a_key_and_its_relative_and_nothing_else() -> None:
    # C, G, Am and F: C major by its chords; A minor has the same ones.
    classes = np.array([3, 0, 1, 0, 2, 2, 0, 2, 0, 3, 0, 1], float)
    fits = np.mean([key.correlate(classes, profile) for profile in USUAL_KEY_PROFILES], 0)
    assert abs(fits[0] - fits[12 + 9]) < key.OPENING, "this tests nothing"
    assert key.vote(classes, USUAL_KEY_PROFILES, "Am").scale == "minor"
    assert key.vote(classes, USUAL_KEY_PROFILES, "C").scale == "major"
    # F# is out of the question, whatever comes first.
    assert key.vote(classes, USUAL_KEY_PROFILES, "F#").tonic != "F#"


@pytest.mark.parametrize("opening", ["G", "F", "Dm", "Em", "F#", None])
def test_a_first_chord_that_is_neither_the_key_nor_its_relative_changes_nothing(opening: str | None) -> None:
    # As much F as C: the key of F would win, were it given OPENING more.
    classes = np.array([3, 0, 1, 0, 2, 3, 0, 2, 0, 2, 0, 0.6], float)
    fits = np.mean([key.correlate(classes, profile) for profile in USUAL_KEY_PROFILES], 0)
    assert 0 < fits[0] - fits[5] < key.OPENING, "this tests nothing"
    found = key.vote(classes, USUAL_KEY_PROFILES, opening)
    assert (found.tonic, found.scale) == ("C", "major")


def test_the_second_key_is_told(analyze: Analyze) -> None:
    tonal = analyze(signals.stack(signals.cadence(signals.C_MAJOR)), "tonal").groups["tonal"]
    second = (tonal["key_alternative_tonic"], tonal["key_alternative_scale"])
    # The neighbours of C major: the fifths above and below, the relative and the parallel minor.
    assert second in {("G", "major"), ("F", "major"), ("A", "minor"), ("C", "minor")}
    margin = tonal["key_margin"]
    assert isinstance(margin, float)
    assert margin > 0
