"""Melody and notes are those that were played."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Audio, Source
from chassis.models import Store
from services.essentia.contract import BASIC_PITCH, AnalysisRequest, Summary
from services.essentia.engines.features import Features, notes, swift_f0
from services.essentia.job import Jobs
from services.essentia.settings import EssentiaSettings
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze
from tests.services.essentia.scripted_task import ScriptedTask
from tests.services.essentia.signals import write

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@pytest.fixture(scope="module")
def pitch(models: Store) -> swift_f0.SwiftF0:
    """The network of the starter set."""
    return swift_f0.SwiftF0(models.require("swift-f0").files["model.onnx"])


@pytest.mark.weights
# Melodia leaves out notes that it does not take for a voice.
@pytest.mark.parametrize(("follower", "least"), [("swift-f0", 8), ("melodia", 4)])
def test_a_scale_is_followed_note_by_note(analyze: Analyze, follower: str, least: int) -> None:
    scale = np.concatenate([signals.note(midi, 0.5) for midi in SCALE]) * 0.2
    found = analyze(signals.stack(scale), "pitch", include_series=True, melody=True, melody_engine=follower)
    assert found.groups["pitch"]["f0_engine"] == follower
    seconds = np.array(found.groups["series"]["melody_seconds"])
    hz = np.array(found.groups["series"]["melody_hz"])
    heard = 0
    for index, midi in enumerate(SCALE):
        # Away from the borders, where a window of 128 ms hears two notes.
        inside = (seconds > 0.5 * index + 0.15) & (seconds < 0.5 * index + 0.4)
        if inside.sum() > 5:
            heard += 1
            # A quarter tone to each side; the engines' own grids are a fifth and a tenth of a semitone.
            assert 69 + 12 * np.log2(np.median(hz[inside]) / 440) == pytest.approx(midi, abs=0.5)
    assert heard >= least


@pytest.mark.weights
def test_windows_give_what_the_whole_gives(pitch: swift_f0.SwiftF0, monkeypatch: pytest.MonkeyPatch) -> None:
    scale = (np.concatenate([signals.note(midi, 1.0) for midi in SCALE]) * 0.2).astype(np.float32)
    windowed = pitch.follow(scale)
    with monkeypatch.context() as patch:
        patch.setattr(swift_f0, "WINDOW", 10**6)
        whole = pitch.follow(scale)
    monkeypatch.setattr(swift_f0, "WINDOW", 100)
    short = pitch.follow(scale)
    for other in (windowed, short):
        assert other.hz == pytest.approx(whole.hz, rel=1e-3)
        assert other.confidence == pytest.approx(whole.confidence, abs=1e-3)


@pytest.mark.weights
def test_silence_has_no_melody_and_less_than_a_frame_has_none_either(pitch: swift_f0.SwiftF0) -> None:
    assert not pitch.follow(np.zeros(signals.SAMPLE_RATE, np.float32)).voiced.any()
    assert pitch.follow(np.zeros(10, np.float32)).hz.size == 0


def test_a_network_that_is_not_installed_is_named_before_any_work() -> None:
    clip = Audio(signals.stack(signals.sine(440, -10, 1)), signals.SAMPLE_RATE)
    bare = Features()
    for request in (AnalysisRequest(("pitch",), melody=True), AnalysisRequest(("pitch",), notes=True)):
        with pytest.raises(AntiphonError) as caught:
            next(iter(bare.analyze(clip, request)))
        assert caught.value.reason == "MODEL_NOT_INSTALLED"
        assert "antiphon models pull" in str(caught.value)
    # Where the group is not wanted, nothing is missing.
    assert list(bare.analyze(clip, AnalysisRequest(("signal",), melody=True, notes=True)))


def test_an_unknown_melody_engine_is_refused() -> None:
    with pytest.raises(AntiphonError) as caught:
        AnalysisRequest(melody_engine="nobody")
    assert caught.value.reason == "UNKNOWN_MELODY_ENGINE"


@pytest.mark.weights
def test_the_notes_of_chords_are_found(analyze: Analyze, models: Store) -> None:
    if not models.installed(BASIC_PITCH):
        pytest.skip("basic-pitch is not installed; antiphon models pull basic-pitch")
    played = signals.C_MAJOR[:3]
    clip = np.concatenate([0.1 * sum(signals.note(midi, 1.0) for midi in chord) for chord in played])
    found = analyze(signals.stack(clip), "pitch", include_series=True, notes=True)
    told = found.groups["series"]["notes"]
    assert isinstance(told, tuple)
    for index, chord in enumerate(played):
        # Overtones are heard as notes now and then; those played are there, to within four frames of 11.6 ms.
        begun = {note["midi"] for note in told if abs(note["start_seconds"] - index) < 0.05}
        assert set(chord) <= begun
        assert all(note["end_seconds"] > note["start_seconds"] for note in told)
    assert found.number("pitch.note_count") == len(told)
    polyphony = found.number("pitch.polyphony_mean")
    assert polyphony is not None
    assert 3 <= polyphony <= 5


def test_an_onset_begins_a_note_and_a_dip_does_not_end_it() -> None:
    sounding, onsets = np.zeros((100, 88), np.float32), np.zeros((100, 88), np.float32)
    # Down to 0.2 and up again in ten frames: too slowly for a new onset, too shortly for an end.
    sounding[10:60, 40] = np.interp(np.arange(10, 60), (28, 33, 38), (0.9, 0.2, 0.9))
    onsets[10, 40] = 0.9
    (note,) = notes.gather(sounding, onsets)
    assert note[:3] == (10, 60, notes.LOWEST_MIDI + 40)
    assert note[3] == pytest.approx(float(sounding[10:60, 40].mean()), abs=1e-6)


def test_what_is_shorter_than_a_note_is_none() -> None:
    sounding, onsets = np.zeros((60, 88), np.float32), np.zeros((60, 88), np.float32)
    sounding[10:18, 40] = 0.9
    onsets[10, 40] = 0.9
    assert notes.gather(sounding, onsets) == []
    assert notes.gather(np.zeros((0, 88), np.float32), np.zeros((0, 88), np.float32)) == []


@pytest.mark.weights
@pytest.mark.parametrize(
    ("options", "expected"),
    [({"melody": True}, ["swift-f0"]), ({"melody": True, "melody_engine": "melodia"}, []), ({}, [])],
    ids=["swift-f0", "melodia", "neither"],
)
def test_the_network_that_was_used_is_named_with_the_digest_of_its_weights(
    models: Store, tmp_path: Path, options: dict[str, Any], expected: list[str]
) -> None:
    path = write(tmp_path / "scale.wav", signals.stack(np.concatenate([signals.note(midi, 0.5) for midi in SCALE])))
    summary = list(
        Jobs(EssentiaSettings(), models).analyze(ScriptedTask(Source(path)), AnalysisRequest(("pitch",), **options))
    )[-1]
    assert isinstance(summary, Summary)
    assert [network.name for network in summary.networks] == expected
    for network in summary.networks:
        files = models.require(network.name).files
        digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
        assert network.weights_sha256 == digests
