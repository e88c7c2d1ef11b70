"""Stretches of speech are put together by voice, and words are told by the voice that is likeliest around them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.speech_material import dialogues
from bench.speech_speakers import figures
from chassis.models import Store
from services.speech.contract import Segment, Word
from services.speech.speakers import FILE, MODEL
from services.speech.speakers.clustering import voices
from services.speech.speakers.course import Course
from services.speech.speakers.diarizer import Diarizer, Labelled
from services.speech.speakers.mel import mel_power
from services.speech.speakers.network import BANDS, SIZE, WIDTH, VoiceEncoder
from services.speech.speakers.stretches import SECONDS, Stretches, cut, embedded, parts

SPREAD = 0.035
"""By it stretches of a voice are 0.76 alike, as recorded ones are."""


def turns(
    *speakers: int, seconds: float = 6.0, alike: float = 0.5, seed: int = 0
) -> tuple[Stretches, list[tuple[float, float]]]:
    """Stretches of speakers who speak one after the other, each voice so alike to the others."""
    draw = np.random.default_rng(seed)
    common, own = draw.normal(size=WIDTH), draw.normal(size=(max(speakers) + 1, WIDTH))
    spans = [(at * (seconds + 0.5), at * (seconds + 0.5) + seconds) for at in range(len(speakers))]
    found, places = [], []
    for speaker, span in zip(speakers, spans, strict=True):
        direction = np.sqrt(alike) * common + np.sqrt(1 - alike) * own[speaker]
        for start, end in cut([span]):
            noisy = direction / np.linalg.norm(direction) + draw.normal(0, SPREAD, WIDTH)
            found.append(noisy / np.linalg.norm(noisy))
            places.append((start, end))
    return Stretches(np.array(places), np.array(found, np.float32)), spans


def test_short_pauses_do_not_part_speech() -> None:
    assert parts([(0.0, 1.0), (1.2, 2.0), (2.4, 3.0)]) == [(0.0, 2.0), (2.4, 3.0)]


def test_speech_is_cut_into_stretches_that_reach_its_end() -> None:
    found = cut([(1.0, 5.0), (6.0, 6.8), (7.5, 7.8)])
    assert found[0] == (1.0, 1.0 + SECONDS)
    assert max(end for start, end in found if start < 6) == 5.0
    assert found[-1] == (6.0, 6.8), "shorter speech is one stretch, and what is below 0.4 s is none"
    assert all(later[0] - earlier[0] <= 0.4 + 1e-9 for earlier, later in pairwise(found[:-1]))


@pytest.mark.parametrize("speakers", [(0,), (0, 1, 0, 1), (0, 1, 2, 0, 1, 2), (0, 1, 2, 3, 0, 1, 2, 3)])
def test_voices_are_counted_and_words_told_by_them(speakers: tuple[int, ...]) -> None:
    stretches, spans = turns(*speakers)
    found = voices(stretches)
    assert len(found) == len(set(speakers))
    course = Course(stretches, found, spans)
    told = [course.speaker(start + 0.5, end - 0.5) for start, end in spans]
    names = {speaker: told[speakers.index(speaker)] for speaker in speakers}
    assert told == [names[speaker] for speaker in speakers]
    assert len(set(names.values())) == len(names)


def test_as_many_voices_as_are_asked_for_are_found_where_there_are_so_many() -> None:
    stretches, _ = turns(0, 1, 2, 0, 1, 2)
    assert [len(voices(stretches, count)) for count in (1, 2, 3)] == [1, 2, 3]


def test_a_single_stretch_is_one_voice() -> None:
    stretches, spans = turns(0, seconds=1.0)
    assert Course(stretches, voices(stretches), spans).speaker(0.2, 0.6) == 0


def silent_network(folder: Path) -> VoiceEncoder:
    np.save(folder / FILE, np.zeros(SIZE, np.float32))
    return VoiceEncoder(folder / FILE)


def told(diarizer: Diarizer, segments: list[Segment]) -> Labelled:
    telling = diarizer.tell(segments)
    try:
        while True:
            assert 0 < next(telling) <= 1
    except StopIteration as ended:
        found: Labelled = ended.value
        return found


def test_where_nobody_can_be_told_apart_the_text_stands_and_no_speaker_is_named(tmp_path: Path) -> None:
    diarizer = Diarizer(silent_network(tmp_path), 2, lambda: None)
    list(diarizer.along([np.zeros((1, 32_000), np.float32)]))
    segments = [Segment(0.0, 2.0, "hello there", (Word(0.0, 1.0, "hello"), Word(1.0, 2.0, "there")))]
    found = told(diarizer, segments)
    assert (found.segments, found.speakers) == (tuple(segments), ())
    assert [warning.reason for warning in found.warnings] == ["SPEAKERS_UNKNOWN"]


def test_telling_ends_where_the_call_is_given_up(tmp_path: Path) -> None:
    class GivenUpError(Exception):
        pass

    def checkpoint() -> None:
        raise GivenUpError

    power = np.ones((1000, BANDS), np.float32)
    with pytest.raises(GivenUpError):
        list(embedded(power, cut([(0.0, 9.0)]), silent_network(tmp_path), checkpoint))


@pytest.fixture(scope="module")
def network(store: Store) -> VoiceEncoder:
    if not store.installed(MODEL):
        pytest.skip(f"{MODEL} is not installed in {store.root}: antiphon models pull {MODEL}")
    return VoiceEncoder(store.require(MODEL).files[FILE])


@pytest.mark.weights
@pytest.mark.parametrize("count", [1, 2, 3])
def test_synthetic_voices_that_speak_in_turn_are_told_apart(network: VoiceEncoder, tmp_path: Path, count: int) -> None:
    said = dialogues.synthetic(tmp_path, dialogues.SYNTHETIC[1 : 1 + count])
    found = figures(network, dialogues.dialogue(said, 8, (0.2, 0.8), seed=5))
    assert found.counted == count
    # A word at a change may be given to the other: turns are 3 s, and words 0.4 s.
    assert found.error < 0.05


@pytest.mark.weights
def test_loudness_tells_no_speaker(network: VoiceEncoder, tmp_path: Path) -> None:
    (said,) = dialogues.synthetic(tmp_path, ("en-us+f2",)).values()
    loud, quiet = (mel_power(said[0] * np.float32(level)) for level in (1.0, 0.02))
    span = [(0.0, 1.6)]
    pairs = []
    for power in (loud, quiet):
        telling = embedded(power, span, network, lambda: None)
        try:
            while True:
                next(telling)
        except StopIteration as ended:
            pairs.append(ended.value.embeddings[0])
    assert pairs[0] @ pairs[1] > 0.999
