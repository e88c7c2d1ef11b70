"""Silero frame by frame, and the beginnings and ends made of its probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from bench.speech_material import recordings
from services.speech.contract import SAMPLE_RATE
from services.speech.live.activity import FRAME, Activity, Change
from services.speech.live.contract import Endpointing
from services.speech.recording.voice import VoiceDetector, bundled


def probabilities(samples: np.ndarray) -> list[float]:
    detector = VoiceDetector(bundled()).follow()
    whole = len(samples) - len(samples) % FRAME
    return [detector.probability(samples[start : start + FRAME]) for start in range(0, whole, FRAME)]


def changes(given: list[float], **endpointing: float) -> list[tuple[int, Change]]:
    activity = Activity(Endpointing(**endpointing))
    found = [(index, activity.update(probability)) for index, probability in enumerate(given)]
    return [(index, change) for index, change in found if change is not Change.NONE]


def test_frame_by_frame_it_hears_what_the_library_hears_at_once() -> None:
    samples = recordings.line("0880")
    samples = samples[: len(samples) - len(samples) % FRAME]
    at_once = get_vad_model()(samples.copy()).reshape(-1)
    # The library zeroes the end of the last frame.
    assert probabilities(samples)[:-1] == pytest.approx(at_once[:-1].tolist(), abs=1e-4)


def test_recorded_speech_begins_and_ends_where_it_is() -> None:
    line = recordings.line("0880")
    quiet = np.zeros(2 * SAMPLE_RATE, np.float32)
    found = changes(probabilities(np.concatenate([quiet, line, quiet])))
    seconds = {change: index * FRAME / SAMPLE_RATE for index, change in found}
    # The clip has up to half a second of room around the words; the end is told 0.6 s after the last of it.
    assert seconds[Change.BEGAN] == pytest.approx(2.0, abs=0.6)
    assert seconds[Change.ENDED] - 0.6 == pytest.approx(2.0 + len(line) / SAMPLE_RATE, abs=0.6)


@pytest.mark.parametrize("sound", [np.zeros(5 * SAMPLE_RATE, np.float32), recordings.chord(5.0), recordings.hum(5.0)])
def test_silence_chords_and_hum_are_no_speech(sound: np.ndarray) -> None:
    assert changes(probabilities(sound)) == []


def test_speech_begins_after_enough_of_it_and_pauses_before_it_ends() -> None:
    given = [0.0] * 3 + [0.9] * 10 + [0.0] * 30
    # 0.1 s are three frames; 0.25 s of silence eight, 0.6 s nineteen.
    assert changes(given) == [(5, Change.BEGAN), (13 + 7, Change.PAUSED), (13 + 18, Change.ENDED)]


def test_what_is_between_speech_and_silence_stays_what_it_was() -> None:
    assert changes([0.4] * 50) == []
    assert changes([0.9] * 5 + [0.4] * 50) == [(2, Change.BEGAN)]


def test_its_first_speech_is_where_the_utterance_begins() -> None:
    activity = Activity(Endpointing(min_speech=0.2))
    for probability in [0.0] * 4 + [0.9] * 6:
        activity.update(probability)
    assert (activity.speaking, activity.began, activity.last_speech) == (True, 4 * FRAME, 10 * FRAME)
