"""What is held to be made up, and what is not; each rule with a control that must pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.speech.contract import Segment, Word
from services.speech.recording.screening import Scene, Screen, objection

RATE = 16000
SECONDS = 20
SOUND = np.full(SECONDS * RATE, 0.1, np.float32)
SCENE = Scene(samples=SOUND, speech=((0, SECONDS * RATE),), end=SECONDS, last=True)
NO_VOICE = replace(SCENE, speech=())


def said(text: str, start: float = 5.0, end: float = 8.0, **figures: float) -> Segment:
    """A segment with its words evenly over its time and figures of clear speech."""
    parts = text.split()
    times = np.linspace(start, end, len(parts) + 1)
    words = tuple(Word(float(a), float(b), part, 0.9) for a, b, part in zip(times, times[1:], parts, strict=False))
    clear = {"avg_logprob": -0.2, "no_speech_probability": 0.02, "compression_ratio": 1.1}
    return Segment(start, end, text, words, **(clear | figures))  # type: ignore[arg-type]


def test_clear_speech_passes_unchanged() -> None:
    segment = said("He was not an ill-disposed young man.")
    assert Screen().passed(segment, None, SCENE) == (segment, "")


@pytest.mark.parametrize(
    ("segment", "scene", "control"),
    [
        (said("... . !"), SCENE, said("... 5 !")),
        (said("Thank you.", 20.0, 20.5), SCENE, said("Thank you.", 19.0, 20.0)),
        (said("Thank you.", 19.6, 20.0), SCENE, said("Thank you.", 19.4, 20.0)),
        (said("So be it.", 19.1, 20.0), SCENE, said("So be it.", 18.0, 20.0)),
        (
            said("la la", no_speech_probability=0.4, compression_ratio=9.0),
            NO_VOICE,
            said("la la", compression_ratio=9.0),
        ),
        (said("Oh.", no_speech_probability=0.7, avg_logprob=-1.1), SCENE, said("Oh.", avg_logprob=-1.1)),
        (said("Oh.", no_speech_probability=0.7), NO_VOICE, said("Oh.", no_speech_probability=0.5)),
        (
            said("Music", no_speech_probability=0.4, avg_logprob=-1.07),
            NO_VOICE,
            said("Music", no_speech_probability=0.4, avg_logprob=-0.9),
        ),
    ],
    ids=["punctuation", "after", "tail", "repeat", "loop", "failed", "unvoiced", "instrumental"],
)
def test_what_is_made_up_is_dropped_and_its_control_passes(segment: Segment, scene: Scene, control: Segment) -> None:
    before = said("So be it.", 1.0, 3.0)
    assert objection(segment, before, scene)
    assert objection(control, before, scene) == ""


def test_singing_that_the_model_doubts_passes_where_a_voice_is_heard() -> None:
    assert objection(said("time stands still", no_speech_probability=0.68), None, SCENE) == ""


def test_the_only_word_of_a_short_clip_is_not_its_tail() -> None:
    clip = Scene(samples=SOUND[: int(0.4 * RATE)], speech=(), end=0.4, last=True)
    assert objection(said("Yes.", 0.0, 0.4), None, clip) == ""
    assert objection(said("Yes.", 0.0, 0.4), said("No.", 0.0, 0.0), clip)


def test_a_cut_is_not_the_end() -> None:
    before = said("So be it.", 1.0, 3.0)
    tail = said("of them", 19.6, 20.0)
    assert objection(tail, before, SCENE)
    assert objection(tail, before, replace(SCENE, last=False)) == ""


def test_a_chorus_is_not_a_repeat() -> None:
    assert objection(said("So be it.", 18.0, 20.0), said("So be it.", 16.0, 18.0), SCENE) == ""


def test_text_in_silence_is_dropped() -> None:
    quiet = SOUND.copy()
    quiet[4 * RATE : 9 * RATE] = 1e-4  # -80 dBFS
    assert objection(said("Thanks for watching!"), None, replace(SCENE, samples=quiet))
    quiet[6 * RATE] = 1e-3
    assert objection(said("Thanks for watching!"), None, replace(SCENE, samples=quiet)) == ""


def test_text_whose_words_have_no_place_is_dropped_only_where_they_are_wanted() -> None:
    line = replace(said("Well."), words=())
    assert objection(line, None, SCENE)
    assert objection(line, None, replace(SCENE, word_times=False)) == ""


def test_runs_of_punctuation_are_cut_out_of_text_and_words() -> None:
    kept, cause = Screen().passed(said("Tom & Jerry . . . . - went on"), None, SCENE)
    assert kept is not None
    assert kept.text == "Tom & Jerry went on"
    assert " ".join(word.text for word in kept.words) == kept.text
    assert cause == "runs of punctuation"


def test_two_marks_are_no_run() -> None:
    segment = said("Tom & & Jerry")
    assert Screen().passed(segment, None, SCENE) == (segment, "")


def test_what_is_dropped_comes_with_its_reason() -> None:
    assert Screen().passed(said("....."), None, SCENE) == (None, "only punctuation")


def test_prompts_that_repeat_themselves_are_heard_where_the_voice_detector_hears_a_voice() -> None:
    # Telephone prompts: "Please enter your … number followed by the pound key" five times in 30 s compress to 2.5, and
    # whisper-base doubts them by 0.65; half a minute of clear speech was dropped for that.
    prompt = said("Please enter your number.", no_speech_probability=0.65, compression_ratio=2.6)
    assert objection(prompt, None, SCENE) == ""
    assert objection(prompt, None, NO_VOICE)
