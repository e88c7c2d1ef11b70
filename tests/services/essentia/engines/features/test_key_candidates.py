"""A key says its mode where the notes do, which other keys may be meant, and what a network says of it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from chassis.audio import Audio
from chassis.models import Store
from chassis.reports import WarningReport
from services.essentia.contract import SAMPLE_RATE, USUAL_KEY_PROFILES, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features, key, modes
from services.essentia.engines.features.chords import Chord
from services.essentia.engines.features.key_profiles import USUAL
from services.essentia.engines.features.pitch_classes import TONICS
from services.essentia.networks.keys import KeyOpinion
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

# Semitones of chords that hold all notes of the mode, from the tonic up.
VAMPS = {
    ("ionian", "major"): ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    ("lydian", "major"): ((0, 4, 7, 11), (2, 6, 9), (0, 4, 7, 11), (0, 4, 7)),
    ("mixolydian", "major"): ((0, 4, 7), (10, 14, 17), (0, 4, 7), (5, 9, 12)),
    ("aeolian", "minor"): ((0, 3, 7), (8, 12, 15), (10, 14, 17), (0, 3, 7)),
    ("dorian", "minor"): ((0, 3, 7), (5, 9, 12), (2, 5, 9), (0, 3, 7)),
    ("phrygian", "minor"): ((0, 3, 7), (1, 5, 8), (0, 3, 7), (10, 13, 17)),
}


def vamp(name: str, scale: str, tonic: int) -> signals.Samples:
    chords = tuple(tuple(48 + tonic + step for step in chord) for chord in VAMPS[name, scale])
    return signals.stack(signals.cadence(chords))


@pytest.mark.parametrize("tonic", [2, 7])
@pytest.mark.parametrize(("name", "scale"), sorted(VAMPS))
def test_a_mode_is_told_beside_major_and_minor(analyze: Analyze, name: str, scale: str, tonic: int) -> None:
    tonal = analyze(vamp(name, scale, tonic), "tonal").groups["tonal"]
    assert (tonal["key_tonic"], tonal["key_scale"], tonal["key_mode"]) == (TONICS[tonic], scale, name)
    margin = tonal["key_mode_margin"]
    assert isinstance(margin, float)
    assert modes.CLEAR <= margin <= 1


def test_a_mode_whose_degrees_do_not_sound_or_sound_in_both_forms_is_left_open() -> None:
    triad = np.array([1, 0, 0, 0, 0.8, 0, 0, 0.9, 0, 0, 0, 0], float)
    assert modes.mode(triad, 0, "major") is None, "neither fourth nor seventh"
    both = triad + np.array([0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.4, 0.45], float)
    assert modes.mode(both, 0, "major") is None, "both sevenths"
    found = modes.mode(triad + np.array([0, 0, 0, 0, 0, 0.5, 0.1, 0, 0, 0, 0.1, 0.5], float), 0, "major")
    assert found is not None
    assert (found.name, round(found.margin, 3)) == ("ionian", 0.667)


@pytest.mark.parametrize(
    ("place", "other", "name"),
    [(0, 0, "same"), (0, 21, "relative"), (21, 0, "relative"), (0, 12, "parallel"), (12, 0, "parallel"),
     (0, 7, "dominant"), (2, 7, "subdominant"), (12, 19, "dominant"), (0, 19, "other"), (0, 6, "other")],
)  # fmt: skip
def test_keys_are_related_as_musicians_say(place: int, other: int, name: str) -> None:
    assert modes.relation(place, other) == name


def test_the_candidates_begin_with_the_key_and_hold_its_relative_and_its_parallel_key(analyze: Analyze) -> None:
    tonal = analyze(signals.stack(signals.cadence(signals.C_MAJOR)), "tonal").groups["tonal"]
    candidates = tonal["key_candidates"]
    assert isinstance(candidates, tuple)
    assert candidates[0] == {"tonic": "C", "scale": "major", "relation": "same", "margin": 0.0}
    related = {each["relation"]: (each["tonic"], each["scale"]) for each in candidates}
    assert (related["relative"], related["parallel"]) == (("A", "minor"), ("C", "minor"))
    margins = [each["margin"] for each in candidates]
    assert margins == sorted(margins)
    assert margins[1] == tonal["key_margin"]


def heard(place: int, chance: float) -> key.Heard:
    """A network that gives one key a chance, and the others as much each."""
    chances = np.full(24, (1 - chance) / 23)
    chances[place] = chance
    return key.Heard("madmom-key", "CC-BY-NC-SA-4.0", KeyOpinion(chances))


def played(names: str) -> tuple[Chord, ...]:
    return tuple(Chord(2.0 * index, 2.0 * index + 2, name, 0.8, None) for index, name in enumerate(names.split()))


# As much of C major as of G major, and chords that are in both.
BETWEEN = np.array([3, 0, 2, 0, 3, 1, 1, 3, 0, 2, 0, 2.5], float)


def test_a_network_decides_where_little_decides_and_not_against_clear_chords() -> None:
    alone = key.vote(BETWEEN, USUAL, played("D C G C"))
    place = TONICS.index(alone.second[0]) + 12 * (alone.second[1] == "minor")
    assert alone.margin < key.NETWORK, "or this shows nothing"
    moved = key.vote(BETWEEN, USUAL, played("D C G C"), heard(place, 0.99))
    assert (moved.tonic, moved.scale) == alone.second
    clear = key.vote(BETWEEN, USUAL, played("C F G C"), heard(6, 0.99))
    assert (clear.tonic, clear.scale) == ("C", "major")
    without = key.vote(BETWEEN, USUAL, played("C F G C"))
    assert clear.agreement == pytest.approx(without.agreement * 2 / 3), "the network is one of three, and disagrees"
    assert (clear.source, alone.source) == ("network", "profiles")


def test_an_undecided_network_and_one_that_hears_a_single_voice_change_nothing() -> None:
    chords = played("Am C G D")
    alone, unsure = key.vote(BETWEEN, USUAL, chords), heard(6, 0.3)
    assert unsure.opinion.entropy_bits > key.UNDECIDED_BITS
    assert key.vote(BETWEEN, USUAL, chords, unsure).margin == alone.margin
    voice = key.vote(BETWEEN, USUAL, played("N N N C"), heard(6, 0.99))
    assert voice.source == "profiles"
    assert len(voice.estimates) == len(USUAL_KEY_PROFILES)


def test_without_the_network_its_field_is_absent_and_the_rest_stands() -> None:
    audio = Audio(signals.stack(signals.cadence(signals.C_MAJOR)), SAMPLE_RATE)
    events = list(Features().analyze(audio, AnalysisRequest(("tonal",))))
    tonal = next(event.values for event in events if isinstance(event, GroupFeatures))
    assert (tonal["key_tonic"], tonal["key_scale"], tonal["key_source"]) == ("C", "major", "profiles")
    assert "key_entropy_bits" not in tonal
    assert [event for event in events if isinstance(event, WarningReport)] == [], "nobody asked for it"


@pytest.mark.parametrize("name", ["madmom-key", "madmom-chords"])
def test_a_network_that_is_damaged_takes_its_field_with_it_and_nothing_else(tmp_path: Path, name: str) -> None:
    manifest = tmp_path / "essentia" / "models.toml"
    manifest.parent.mkdir()
    manifest.write_text(
        "[[models]]\n"
        f'name = "{name}"\nengine = "features"\ndefault = false\nstarter = false\nrevision = "1"\n'
        'license_spdx = "CC-BY-NC-SA-4.0"\ncommercial_use = false\n[[models.files]]\n'
        f'name = "{name}.onnx"\nsize = 5\nsha256 = "{sha256(b"sound").hexdigest()}"\n'
        'sources = [{ kind = "https", url = "https://example.invalid/weights" }]\n'
    )
    store = Store(tmp_path / "store", manifest)
    store.blobs.folder.mkdir(parents=True)
    store.blobs.path(sha256(b"sound").hexdigest()).write_bytes(b"noise")
    audio = Audio(signals.stack(signals.cadence(signals.C_MAJOR)), SAMPLE_RATE)
    events = list(Features(models=store).analyze(audio, AnalysisRequest(("tonal",))))
    field = {"madmom-key": "tonal.key_entropy_bits", "madmom-chords": "tonal.chord_source"}[name]
    told = {(event.reason, event.field) for event in events if isinstance(event, WarningReport)}
    assert ("MODEL_CORRUPT", field) in told
    tonal = next(event.values for event in events if isinstance(event, GroupFeatures))
    assert (tonal["key_tonic"], tonal["key_source"], tonal["chord_source"]) == ("C", "profiles", "templates")
