"""The key rests on profiles, each of which gives what Essentia's own extractor gives, and on the chords."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from services.essentia.contract import KEY_PROFILES, USUAL_KEY_PROFILES, AnalysisRequest
from services.essentia.engines.features import key, key_chords, pitch_classes
from services.essentia.engines.features.chords import Chord
from services.essentia.engines.features.key_profiles import PROFILES, USUAL, chosen
from services.essentia.essentia_library import es
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
    # The network of keys says something as well where it is installed.
    assert [estimate["profile"] for estimate in estimates if "strength" in estimate] == [profile]
    votes = [(estimate["tonic"], estimate["scale"]) == expected for estimate in estimates]
    assert tonal["key_agreement"] == sum(votes) / len(votes)


@pytest.mark.parametrize("profile", KEY_PROFILES)
def test_a_profile_agrees_with_the_key_extractor(profile: str) -> None:
    for samples in (signals.music(12)[0], signals.cadence(signals.A_MINOR).astype(np.float32)):
        tonic, scale, strength = es.KeyExtractor(profileType=profile)(np.ascontiguousarray(samples))
        found = key.vote(
            pitch_classes.walk(np.ascontiguousarray(samples))[::2].mean(0), chosen((profile,), single_voice=False)
        )
        assert (found.tonic, found.scale) == (tonic, scale)
        # Both sum in float32.
        assert found.strength == pytest.approx(strength, abs=1e-3)


def test_all_profiles_can_be_chosen_and_their_names_are_those_of_the_contract() -> None:
    assert tuple(PROFILES) == KEY_PROFILES
    assert set(USUAL_KEY_PROFILES) < set(KEY_PROFILES)
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest(key_profiles=("edma", "nobody"))
    assert caught.value.reason == "UNKNOWN_KEY_PROFILE"


def played(names: str) -> tuple[Chord, ...]:
    """A chord of two seconds each."""
    return tuple(Chord(2.0 * index, 2.0 * index + 2, name, 0.8, None) for index, name in enumerate(names.split()))


# C, G, Am and F, as much of each: what C major and A minor have in common.
LOOP = np.array([3, 0, 1, 0, 2, 2, 0, 2, 0, 3, 0, 1], float)


def test_the_first_chord_decides_between_a_key_and_its_relative() -> None:
    begins = {names.split()[0]: key.vote(LOOP, USUAL, played(names)) for names in ("C G Am F", "Am F C G")}
    assert (begins["C"].tonic, begins["C"].scale) == ("C", "major")
    assert (begins["Am"].tonic, begins["Am"].scale) == ("A", "minor")
    # The same chords without a beginning: what decides above is the first one alone.
    fits = [key_chords.correlate_chords(played(names)) for names in ("C G Am F", "Am F C G")]
    assert np.array_equal(*fits)


def test_a_first_chord_that_is_neither_the_key_nor_its_relative_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    openings = ("C", "G", "F", "Dm", "Em", "N F#", "Am")
    found = [key.vote(LOOP, USUAL, played(f"{opening} C G C F C")) for opening in openings]
    assert {(each.tonic, each.scale) for each in found[:-1]} == {("C", "major")}
    monkeypatch.setattr(key, "OPENING", 0.0)
    without = [key.vote(LOOP, USUAL, played(f"{opening} C G C F C")) for opening in openings]
    assert [one == other for one, other in zip(found, without, strict=True)] == [False, *[True] * 5, False]


def test_what_a_dominant_resolves_to_is_the_tonic() -> None:
    # D minor, G and C, the G loudest: by its pitch classes alone this is in G.
    classes = np.array([2, 0, 2.4, 0, 1.4, 1, 0, 3, 0, 1, 0, 1.6], float)
    alone, followed = key.vote(classes, USUAL), key.vote(classes, USUAL, played("Dm G C C"))
    assert (alone.tonic, alone.scale) == ("G", "major"), "this tests nothing"
    assert (followed.tonic, followed.scale) == ("C", "major")


def test_cadences_are_counted_among_all_successions() -> None:
    # G to C is one of two; C to C is none, and a minor dominant does not lead.
    assert dict(enumerate(key_chords.cadences(played("Dm G C C")))) == pytest.approx(
        {**dict.fromkeys(range(24), 0.0), 0: 0.5}
    )
    assert not key_chords.cadences(played("Gm C")).any()
    assert key_chords.cadences(played("E Am"))[12 + 9] == 1
    assert not key_chords.cadences(played("C")).any()


def test_chords_fit_the_key_in_which_they_are_at_home_in_every_key() -> None:
    # What is most of the tonic fits its key best; in all keys alike.
    for tonic, name in enumerate(pitch_classes.TONICS):
        fourth, fifth = (pitch_classes.TONICS[(tonic + step) % 12] for step in (5, 7))
        fits = key_chords.correlate_chords(played(f"{name} {fourth} {fifth} {name}"))
        assert int(fits.argmax()) == tonic
        assert fits.max() == pytest.approx(key_chords.correlate_chords(played("C F G C"))[0])
    assert int(key_chords.correlate_chords(played("Am Dm Em Am")).argmax()) == 12 + 9
    assert not key_chords.correlate_chords(()).any()


def test_a_profile_that_names_the_parallel_key_does_not_agree() -> None:
    # Both thirds of C: edma hears the major one, krumhansl the minor one.
    classes = np.array([3, 0, 1, 1.5, 0.9, 1, 0, 2.5, 0.5, 0.5, 0.5, 0.5])
    found = key.vote(classes, USUAL)
    assert [(each.tonic, each.scale) for each in found.estimates] == [("C", "major"), ("C", "minor")]
    assert found.agreement == 0.5


def test_without_chords_pitch_classes_decide_alone() -> None:
    found = key.vote(LOOP, USUAL, played("N N"))
    assert found == key.vote(LOOP, USUAL)


def test_the_second_key_is_told(analyze: Analyze) -> None:
    tonal = analyze(signals.stack(signals.cadence(signals.C_MAJOR)), "tonal").groups["tonal"]
    second = (tonal["key_alternative_tonic"], tonal["key_alternative_scale"])
    # The neighbours of C major: the fifths above and below, the relative and the parallel minor.
    assert second in {("G", "major"), ("F", "major"), ("A", "minor"), ("C", "minor")}
    margin = tonal["key_margin"]
    assert isinstance(margin, float)
    assert margin > 0
