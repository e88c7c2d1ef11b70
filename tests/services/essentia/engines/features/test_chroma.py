"""Every kind of chroma hears the chord that sounds."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.engines.features import chroma
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

KINDS = (*chroma.KINDS, "hpcp")


def struck(midi: tuple[int, ...], cents: float = 0.0) -> signals.Samples:
    """A chord held for four seconds, all of it ``cents`` sharp."""
    times = signals.seconds(4.0)
    tones = [np.sin(2 * np.pi * 440 * 2 ** ((note - 69 + cents / 100) / 12) * times) for note in midi]
    return np.asarray(0.1 * np.sum(tones, 0), np.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("chord", "classes"), [((60, 64, 67), {"C", "E", "G"}), ((57, 60, 64), {"A", "C", "E"})], ids=["C", "Am"]
)
def test_the_strongest_classes_are_the_notes_of_the_chord(
    analyze: Analyze, kind: str, chord: tuple[int, ...], classes: set[str]
) -> None:
    kinds = analyze(struck(chord)[None], "tonal").groups["tonal"]["chroma_kinds"]
    assert isinstance(kinds, tuple)
    assert [each["kind"] for each in kinds] == list(KINDS)
    (found,) = (each for each in kinds if each["kind"] == kind)
    assert set(found["dominant"]) == classes
    assert all(len(found[name]) == 12 for name in ("mean", "std", "median"))
    # Nothing moves, but for the frames at the two ends.
    assert found["stability"] > 0.95
    assert found["change_mean"] < 0.05


@pytest.mark.parametrize("kind", chroma.KINDS)
def test_music_that_is_out_of_tune_is_heard_at_its_own_tuning(kind: str) -> None:
    sharp = struck((60, 64, 67), cents=45)
    followed = chroma.summarize(chroma.chromagrams(sharp, 45.0)[kind])["mean"]
    assert isinstance(followed, tuple)
    outside = [value for place, value in enumerate(followed) if place not in (0, 4, 7)]
    # The window's neighbouring semitone is at its first zero; without tuning half of a note would be there.
    assert max(outside) < 0.25 * min(followed[0], followed[4], followed[7])
    if kind == "cqt":
        left = chroma.summarize(chroma.chromagrams(sharp, 0.0)[kind])["mean"]
        assert isinstance(left, tuple)
        assert left[1] > 0.5 * left[0]


def test_strokes_are_masked_out_of_the_harmonic_kind() -> None:
    chord = struck((60, 64, 67))
    strokes = signals.noise(4.0, 1.0) * (signals.seconds(4.0) % 0.5 < 0.02)
    kinds = chroma.chromagrams((chord + strokes).astype(np.float32))

    def outside(kind: str) -> float:
        return float(np.delete(kinds[kind].mean(0), [0, 4, 7]).mean())

    assert outside("harmonic") < 0.7 * outside("cqt")


def test_silence_has_no_chroma() -> None:
    kinds = chroma.chromagrams(np.zeros(signals.SAMPLE_RATE, np.float32))
    assert all(not frames.any() and chroma.summarize(frames) == {} for frames in kinds.values())


def test_a_frame_is_scaled_as_the_contract_says() -> None:
    kinds = chroma.chromagrams(struck((60, 64, 67)))
    middle = 20
    for kind, frames in kinds.items():
        size = np.linalg.norm(frames[middle]) if kind == "cens" else frames[middle].max()
        assert size == pytest.approx(1, abs=1e-6)
        assert frames.dtype == np.float32
