"""What is done around a model, with a model whose words are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import Cancelled
from chassis.reports import Span as Place
from services.speech.contract import Findings, LanguageCandidate, Reached, Segment, TranscriptionRequest, Word
from services.speech.recording.recording import Recording
from services.speech.recording.spans import Span
from services.speech.recording.voice import Voice

RATE = 16000


@dataclass
class Script:
    """A model that says what it is told to, window by window; keeps what it was asked."""

    said: list[list[Segment]]
    heard: list[str] = field(default_factory=lambda: ["en"])
    languages: frozenset[str] = frozenset({"en", "de", "hr"})
    speech: tuple[Span, ...] | None = None
    runs: tuple[Span, ...] = ()
    prompts: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heard_seconds: list[float] = field(default_factory=list)
    detections: int = 0

    def find_voice(self, samples: np.ndarray) -> Voice:
        return Voice(((0, len(samples)),) if self.speech is None else self.speech, self.runs)

    def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
        likely = self.heard[min(self.detections, len(self.heard) - 1)]
        self.detections += 1
        return LanguageCandidate(likely, 0.6), LanguageCandidate("hr", 0.3), LanguageCandidate("de", 0.1)

    def transcribe(
        self, samples: np.ndarray, request: TranscriptionRequest, language: str, prompt: str
    ) -> Iterator[Segment]:
        self.asked.append(language)
        self.prompts.append(prompt)
        self.heard_seconds.append(len(samples) / RATE)
        yield from self.said[len(self.asked) - 1] if len(self.asked) <= len(self.said) else ()


def line(*words: tuple[float, float, str], **figures: float) -> Segment:
    """A segment of words."""
    text = " ".join(text for _, _, text in words)
    clear = {"avg_logprob": -0.2, "no_speech_probability": 0.0, "compression_ratio": 1.0} | figures
    return Segment(words[0][0], words[-1][1], text, tuple(Word(*word, 0.9) for word in words), **clear)  # type: ignore[arg-type]


def sound(seconds: float) -> np.ndarray:
    """Even sound without an offset, a peak of 0.1."""
    return np.tile(np.array([0.1, -0.1], np.float32), round(seconds * RATE / 2))


def run(
    script: Script,
    seconds: float = 10.0,
    window_seconds: float = 10.0,
    checkpoint: Callable[[], None] = lambda: None,
    **request: object,
) -> list[Segment | Reached | Findings]:
    samples = sound(seconds)
    recording = Recording(script, TranscriptionRequest(**request), checkpoint)  # type: ignore[arg-type]
    return list(recording.listen([samples[None]], window_seconds))


def findings(events: list[Segment | Reached | Findings]) -> Findings:
    assert isinstance(events[-1], Findings)
    return events[-1]


def segments(events: list[Segment | Reached | Findings]) -> list[Segment]:
    return [event for event in events if isinstance(event, Segment)]


def test_times_of_later_windows_count_from_the_beginning() -> None:
    script = Script([[line((1.0, 2.0, "one"))], [line((1.0, 2.0, "two"))]])
    first, second = segments(run(script, seconds=15.0))
    assert (first.start, first.end) == (1.0, 2.0)
    # Even sound is cut in the middle of its last 0.1 s.
    assert (second.start, second.end) == pytest.approx((9.95 + 1.0, 9.95 + 2.0))


def test_words_are_put_in_order_and_kept_inside_the_audio() -> None:
    script = Script([[line((1.0, 2.0, "one"), (1.5, 1.2, "two")), line((1.8, 30.0, "three"))]])
    words = [word for segment in segments(run(script)) for word in segment.words]
    assert [(word.start, word.end) for word in words] == [(1.0, 2.0), (2.0, 2.0), (2.0, 10.0)]


def test_progress_follows_the_audio_and_never_falls() -> None:
    script = Script([[line((1.0, 2.0, "one")), line((4.0, 5.0, "two"))], []])
    reached = [event.seconds for event in run(script, seconds=15.0) if isinstance(event, Reached)]
    assert reached == pytest.approx([2.0, 5.0, 9.95, 15.0])


def test_an_hour_goes_through_in_windows_and_memory_does_not_grow() -> None:
    import tracemalloc

    def hour() -> Iterator[np.ndarray]:
        for _ in range(60):
            peaks.append(tracemalloc.get_traced_memory()[1])
            yield sound(60.0)[None]

    peaks: list[int] = []
    script = Script([[line((0.2, 0.8, "word"))]] * 25, speech=((RATE, 2 * RATE),))
    recording = Recording(script, TranscriptionRequest(), lambda: None)
    tracemalloc.start()
    events = list(recording.listen(hour(), 180.0))
    tracemalloc.stop()
    assert len(script.asked) == 21, "windows of 180 s, each less 0.05 s, and the rest"
    assert len(segments(events)) == 20, "the rest, 1 s, is shorter than where the speech begins"
    reached = [event.seconds for event in events if isinstance(event, Reached)]
    assert reached == sorted(reached)
    assert reached[-1] == 3600.0
    # Ten minutes in, every size that is needed was needed once; ten more for what the lists above hold.
    assert peaks[-1] < peaks[10] + 10e6


def test_the_language_is_that_of_the_first_window_with_text() -> None:
    script = Script([[], [line((1.0, 2.0, "eins"))], [line((1.0, 2.0, "zwei"))]], heard=["en", "de"])
    found = findings(run(script, seconds=25.0))
    assert script.asked == ["en", "de", "de"]
    assert (found.language, found.language_probability) == ("de", 0.6)
    assert [candidate.language for candidate in found.language_candidates] == ["de", "hr", "de"]


def test_text_that_is_dropped_proves_no_language() -> None:
    found = findings(run(Script([[line((1.0, 2.0, "..."))]])))
    assert (found.language, found.language_probability, found.language_candidates) == (None, None, ())
    assert [warning.reason for warning in found.warnings] == ["NO_SPEECH", "HALLUCINATION_DROPPED"]


def test_a_language_that_was_chosen_has_no_probability() -> None:
    script = Script([[line((1.0, 2.0, "jedan"))]])
    found = findings(run(script, language="hr"))
    assert (script.asked, script.detections) == (["hr"], 0)
    assert (found.language, found.language_probability, found.language_candidates) == ("hr", None, ())


def test_the_only_language_of_a_model_has_no_probability() -> None:
    found = findings(run(Script([[line((1.0, 2.0, "one"))]], languages=frozenset({"en"}))))
    assert (found.language, found.language_probability, found.language_candidates) == ("en", None, ())


def test_speech_that_the_model_left_out_is_heard_in_its_own_language() -> None:
    script = Script(
        [[line((0.0, 1.0, "one")), line((9.0, 10.0, "two"))], [line((2.0, 3.0, "eins"))]],
        heard=["en", "de"],
        runs=((0, RATE), (3 * RATE, 10 * RATE)),
    )
    events = run(script)
    # What is left without text behind it is heard once more, in the same language.
    assert (script.asked, script.detections) == (["en", "de", "de"], 2)
    assert [(each.text, each.language) for each in segments(events)] == [("one", None), ("eins", "de"), ("two", None)]
    # What was left out begins at 1 s.
    assert [(each.start, each.end) for each in segments(events)] == [(0.0, 1.0), (3.0, 4.0), (9.0, 10.0)]
    left_out, mixed = findings(events).warnings
    assert (left_out.reason, left_out.place) == ("SPEECH_LEFT_OUT", Place(4.0, 5.0))
    assert (mixed.reason, findings(events).language) == ("LANGUAGES_MIXED", "en")
    assert "1 s in de" in mixed.message


def test_what_was_left_out_before_the_first_line_is_heard_too() -> None:
    said = [[line((6.0, 10.0, "one"))], [line((2.0, 6.0, "eins"))]]
    script = Script(said, heard=["en", "de"], runs=((2 * RATE, 10 * RATE),))
    events = run(script)
    assert [(each.text, each.language) for each in segments(events)] == [("eins", "de"), ("one", None)]
    assert findings(events).language == "en", "the language in which the recording as a whole was heard"


def test_a_window_without_text_is_heard_again_once_the_language_is_known() -> None:
    said = [[line((0.0, 9.9, "one"))], [], [line((2.0, 9.0, "eins"))]]
    script = Script(said, heard=["en", "de"], runs=((0, 9 * RATE),))
    events = run(script, seconds=19.0)
    assert [(each.text, each.language) for each in segments(events)] == [("one", None), ("eins", "de")]


@pytest.mark.parametrize(
    ("heard", "request_"),
    [
        (["en", "en"], {}),  # the same language: it was left out for another reason
        (["en", "de"], {"language": "en"}),  # the caller knows what is spoken
        (["en", "de"], {"vad": False}),  # singing, of which no detector says where it is
    ],
)
def test_otherwise_what_holds_no_voice_stays_left_out(heard: list[str], request_: dict[str, Any]) -> None:
    script = Script([[line((0.0, 1.0, "one"))], [line((2.0, 3.0, "eins"))]], heard=heard)
    events = run(script, **request_)
    assert [each.text for each in segments(events)] == ["one"]
    assert findings(events).warnings == ()


def test_a_guess_is_no_other_language() -> None:
    class Unsure(Script):
        def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
            likely, *others = super().detect_language(samples)
            return (likely, *others) if self.detections == 1 else (LanguageCandidate("de", 0.4), *others)

    script = Unsure([[line((0.0, 1.0, "one"))]], runs=((0, 9 * RATE),))
    assert [each.text for each in segments(run(script))] == ["one"]
    assert (script.detections, script.asked) == (2, ["en", "en"])


def test_a_short_hole_is_no_other_language() -> None:
    script = Script([[line((0.0, 6.5, "one"))]], heard=["en", "de"])
    assert [each.text for each in segments(run(script))] == ["one"]
    assert script.detections == 1


def test_an_unlikely_language_is_warned_of() -> None:
    class Unsure(Script):
        def detect_language(self, samples: np.ndarray) -> tuple[LanguageCandidate, ...]:
            return LanguageCandidate("en", 0.4), LanguageCandidate("de", 0.3)

    said = [[line((1.0, 2.0, "one"))]]
    assert [warning.reason for warning in findings(run(Unsure(said))).warnings] == ["LANGUAGE_UNCERTAIN"]
    assert findings(run(Script(said))).warnings == ()


def test_the_prompt_primes_the_beginning_alone() -> None:
    script = Script([[line((1.0, 2.0, "one"))], [line((1.0, 2.0, "two"))]])
    run(script, seconds=15.0, initial_prompt="Numbers:")
    assert script.prompts == ["Numbers:", ""]


def test_without_speech_the_model_is_not_asked() -> None:
    script = Script([], speech=())
    found = findings(run(script))
    assert script.asked == []
    assert found.speech_seconds == 0.0
    assert [warning.reason for warning in found.warnings] == ["NO_SPEECH"]
    assert "singing" in found.warnings[0].message


def test_with_detection_off_the_model_hears_all_and_no_speech_is_measured() -> None:
    script = Script([[line((1.0, 2.0, "la"))]], speech=())
    events = run(script, vad=False)
    assert [segment.text for segment in segments(events)] == ["la"]
    assert findings(events).speech_seconds is None


def test_pauses_are_put_back_into_the_times() -> None:
    script = Script([[line((0.5, 1.5, "one"), (2.5, 2.9, "two"))]], speech=((RATE, 3 * RATE), (8 * RATE, 9 * RATE)))
    events = run(script)
    (segment,) = segments(events)
    assert [time for word in segment.words for time in (word.start, word.end)] == pytest.approx([1.5, 2.5, 8.5, 8.9])
    assert (segment.start, segment.end) == pytest.approx((1.5, 8.9))
    assert findings(events).speech_seconds == 3.0


def test_a_checkpoint_that_raises_ends_it_between_segments() -> None:
    script = Script([[line((1.0, 2.0, "one")), line((3.0, 4.0, "two"))]])
    calls = iter(range(2))

    def checkpoint() -> None:
        if next(calls, None) == 1:
            raise Cancelled

    recording = Recording(script, TranscriptionRequest(), checkpoint)
    events = recording.listen([sound(10.0)[None]], 10.0)
    first = next(events)
    assert isinstance(first, Segment)
    assert first.text == "one"
    assert isinstance(next(events), Reached)
    with pytest.raises(Cancelled):
        next(events)


def test_text_before_primes_the_next_window_where_it_is_wanted() -> None:
    script = Script([[line((1.0, 2.0, "one"))], [line((1.0, 2.0, "two"))], [line((1.0, 2.0, "three"))]])
    run(script, seconds=25.0, initial_prompt="Numbers:", condition_on_previous_text=True)
    assert [prompt.strip() for prompt in script.prompts] == ["Numbers:", "one", "one two"]


def test_sampled_text_is_told() -> None:
    said = [[line((1.0, 2.0, "one"), temperature=0.4)]]
    reasons = [warning.reason for warning in findings(run(Script(said), temperatures=(0.0, 0.4))).warnings]
    assert reasons == ["TEXT_SAMPLED"]
    said = [[line((1.0, 2.0, "one"), temperature=0.0)]]
    assert findings(run(Script(said), temperatures=(0.0, 0.4))).warnings == ()


def test_the_guard_can_be_left_off() -> None:
    made_up = line((1.0, 2.0, "thanks"), no_speech_probability=0.9, avg_logprob=-1.5)
    assert segments(run(Script([[made_up]]))) == []
    assert [segment.text for segment in segments(run(Script([[made_up]]), hallucination_guard=False))] == ["thanks"]


def test_the_threshold_of_doubt_is_the_callers() -> None:
    doubtful = line((1.0, 2.0, "thanks"), no_speech_probability=0.7, avg_logprob=-1.5)
    assert segments(run(Script([[doubtful]]))) == []
    assert [segment.text for segment in segments(run(Script([[doubtful]]), no_speech_threshold=0.8))] == ["thanks"]


VOICE = ((0, 10 * RATE),)
WORDS = [(0.5 * at, 0.5 * at + 0.5, f"word{at}") for at in range(20)]


def placed(events: list[Segment | Reached | Findings]) -> list[tuple[str, Place | None]]:
    return [(warning.reason, warning.place) for warning in findings(events).warnings]


def test_speech_that_the_model_left_out_is_heard_again_by_itself() -> None:
    script = Script([[line(*WORDS[:4]), line(*WORDS[16:])], [line(*WORDS[:12])]], runs=VOICE)
    events = run(script, language="en")
    assert script.heard_seconds == [10.0, 6.0]
    words = [(word.start, word.text) for each in segments(events) for word in each.words]
    assert [start for start, _ in words] == pytest.approx([0.5 * at for at in range(20)])
    assert placed(events) == []


def test_speech_that_is_left_out_twice_is_warned_of_with_its_place() -> None:
    events = run(Script([[line(*WORDS[:4]), line(*WORDS[16:])]], runs=VOICE), language="en")
    assert placed(events) == [("SPEECH_LEFT_OUT", Place(2.0, 6.0))]


def test_a_word_that_lasts_over_others_hides_no_speech() -> None:
    drawn = [*WORDS[:3], (1.5, 8.0, "word3"), *WORDS[16:]]
    script = Script([[line(*drawn)], [line(*[(start, end, text) for start, end, text in WORDS[:11]])]], runs=VOICE)
    events = run(script, language="en")
    assert [len(each.words) for each in segments(events)] == [4, 11, 4]
    assert segments(events)[0].text == "word0 word1 word2 word3"
    assert segments(events)[2].text == "word16 word17 word18 word19"


def test_silence_without_text_is_neither_heard_again_nor_warned_of() -> None:
    script = Script([[line(*WORDS[:4]), line(*WORDS[16:])]], runs=((0, 2 * RATE), (8 * RATE, 10 * RATE)))
    assert placed(run(script)) == []
    assert script.heard_seconds == [10.0]


def test_text_that_repeats_itself_is_kept_unmarked_where_a_second_hearing_agrees() -> None:
    said = line(*WORDS, compression_ratio=2.9)
    script = Script([[said], [line(*WORDS)]], runs=VOICE)
    assert placed(run(script)) == []
    assert len(script.heard_seconds) == 2


def test_a_loop_gives_way_to_what_is_heard_in_pieces_and_is_marked() -> None:
    loop = line(*((0.1 * at, 0.1 * at + 0.1, "la") for at in range(100)), compression_ratio=9.0)
    script = Script([[loop], [line(*WORDS)]], runs=VOICE)
    events = run(script)
    assert [each.text for each in segments(events)] == [line(*WORDS).text]
    assert placed(events) == [("TEXT_REPETITIVE", Place(0.0, 10.0))]


def test_a_loop_faster_than_speech_is_left_out_with_its_place() -> None:
    loop = line(*((0.0, 10.0, "again" * 10) for _ in range(10)), compression_ratio=9.0)
    events = run(Script([[loop]] * 9, runs=VOICE))
    assert segments(events) == []
    assert placed(events)[1:] == [("SPEECH_LEFT_OUT", Place(0.0, 10.0))]


def test_a_quiet_recording_with_an_offset_is_heard_as_a_loud_one_without() -> None:
    class Keeping(Script):
        def find_voice(self, samples: np.ndarray) -> Voice:
            kept.append(samples)
            return super().find_voice(samples)

    kept: list[np.ndarray] = []
    quiet = sound(10.0) * np.float32(0.02) + np.float32(0.3)
    list(Recording(Keeping([]), TranscriptionRequest(), lambda: None).listen([quiet[None]], 10.0))
    assert abs(float(kept[0].mean())) < 1e-4
    assert float(np.abs(kept[0]).max()) == pytest.approx(0.02, rel=0.01), "the level from which on nothing is raised"
