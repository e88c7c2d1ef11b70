"""A live session on a scripted model: what is settled when, and that cuts, load and length do not change the text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon_wire.errors import AntiphonError
from services.speech.contract import SAMPLE_RATE
from services.speech.live.arrivals import Arrivals
from services.speech.live.contract import (
    Endpointing,
    Final,
    Interim,
    LiveRequest,
    Reached,
    SpeechBegan,
    SpeechEnded,
)
from services.speech.live.session import Due, Session
from tests.services.speech.live.scripted_model import Loudness, Reader, endpointing, follow, spoken, text

TALK = spoken(0, 1, 2, 3, 4, 0, 0, 5, 6, 0, 0, 0)
WORDS = " w1 w2 w3 w4 w5 w6"
FRAME_SECONDS = 0.032


def test_every_word_is_told_once_and_in_order() -> None:
    told, session = follow(TALK, [])
    assert text(told) == WORDS
    words = [word for event in told if isinstance(event, Final) for word in event.words]
    assert [word.text for word in words] == ["w1", "w2", "w3", "w4", "w5", "w6"]
    assert session.utterance == 2


def test_word_times_count_from_the_start_of_the_stream() -> None:
    told, _ = follow(TALK, [])
    starts = [word.start for event in told if isinstance(event, Final) for word in event.words]
    # A frame is the precision with which speech is found.
    assert starts == pytest.approx([0.5, 1.0, 1.5, 2.0, 3.5, 4.0], abs=FRAME_SECONDS)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_the_same_audio_gives_the_same_events_wherever_it_is_cut(cuts: list[int]) -> None:
    assert follow(TALK, cuts)[0] == follow(TALK, [])[0]


def test_speech_begins_and_ends_around_its_words() -> None:
    told, _ = follow(TALK, [])
    kinds = [type(event) for event in told if not isinstance(event, Interim | Reached)]
    assert kinds[0] is SpeechBegan
    assert kinds[-1] is SpeechEnded
    assert kinds.count(SpeechBegan) == kinds.count(SpeechEnded) == 2
    offsets = [event.offset for event in told if isinstance(event, SpeechBegan | SpeechEnded)]
    assert offsets == pytest.approx([0.5, 2.5, 3.5, 4.5], abs=FRAME_SECONDS)
    last = [event for event in told if isinstance(event, Final)][-1]
    assert last.ends_utterance


def test_an_unsettled_word_may_change_and_a_settled_one_does_not() -> None:
    told, _ = follow(TALK, [])
    assert any("part" in event.text for event in told if isinstance(event, Interim))
    assert "part" not in text(told)


def test_interim_results_are_left_out_where_they_are_not_wanted() -> None:
    told, _ = follow(TALK, [], LiveRequest(interim_results=False, word_times=False))
    assert not any(isinstance(event, Interim) for event in told)
    assert text(told) == WORDS
    assert all(event.words == () for event in told if isinstance(event, Final))


def test_a_look_is_primed_by_the_initial_prompt_and_later_by_what_is_settled_before_its_audio() -> None:
    model = Reader()
    told, _ = follow(spoken(0, *range(1, 30), 0, 0), [], LiveRequest(initial_prompt="Jane Austen"), model)
    assert model.prompts[0] == "Jane Austen"
    assert all(text(told).startswith(prompt) for prompt in model.prompts if prompt != "Jane Austen")
    assert len(model.prompts[-1].split()) > 20


def test_words_that_the_model_doubts_are_told_later_and_none_is_lost() -> None:
    def told_at(probability: float) -> float:
        model = Reader()
        model.probability = probability
        told, _ = follow(spoken(0, *range(1, 10), 0, 0), [], model=model)
        assert text(told) == "".join(f" w{number}" for number in range(1, 10))
        finals = [event for event in told if isinstance(event, Final)]
        return float(np.mean([event.at.audio_seconds for event in finals for _ in event.words]))

    # A step, half a second, later but for the first ones, which wait anyway, and for the end, where all are told.
    assert 0.1 < told_at(0.3) - told_at(1.0) < 0.512


def test_what_the_stream_ends_in_is_told() -> None:
    told, _ = follow(spoken(0, 1, 2), [])
    assert text(told) == " w1 w2"
    assert isinstance(told[-1], SpeechEnded)


def test_silence_says_nothing_but_that_the_stream_lives() -> None:
    told, session = follow(np.zeros(12 * SAMPLE_RATE, np.float32), [])
    assert [type(event) for event in told] == [Reached, Reached]
    assert not session.hearing.heard_anything


def test_minutes_of_silence_are_not_listened_to_and_not_kept() -> None:
    model = Reader()
    session = Session(model, Loudness(), LiveRequest(), lambda: 0.0)
    told: list[object] = []
    for _ in range(300):
        session.feed(np.zeros(SAMPLE_RATE, np.float32), 0.0)
        told += list(session.advance())
        # What could turn out to be the beginning of speech, two seconds and a bit.
        assert len(session._samples) < 3 * SAMPLE_RATE
    assert model.looks == []
    assert {type(event) for event in told} == {Reached}
    assert len(told) == pytest.approx(60, abs=1)


def test_a_longer_silence_may_be_asked_for() -> None:
    pauses = spoken(0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0)
    assert follow(pauses, [])[1].utterance == 2
    told, session = follow(pauses, [], endpointing(end_silence=1.5))
    assert session.utterance == 1
    assert text(told) == " w1 w2 w3 w4"


def test_a_click_is_no_speech() -> None:
    click = np.zeros(2 * SAMPLE_RATE, np.float32)
    click[SAMPLE_RATE : SAMPLE_RATE + 512] = 0.5
    assert follow(click, [], endpointing(min_speech=0.2))[0] == []


def test_a_talk_without_pause_is_cut_at_a_settled_word_and_looked_at_in_short_pieces() -> None:
    model = Reader()
    told, session = follow(spoken(0, *range(1, 100), 0, 0), [], endpointing(max_utterance=10.0), model)
    assert text(told) == "".join(f" w{number}" for number in range(1, 100))
    assert session.utterance == 5
    # 3 s, and a step and the unsettled words on top.
    assert max(model.looks) < 5 * SAMPLE_RATE


@pytest.mark.parametrize(
    ("name", "value"),
    [("end_silence", 0.1), ("min_speech", 3.0), ("max_utterance", 1.0), ("end_silence", float("nan"))],
)
def test_endpoints_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(AntiphonError) as caught:
        Endpointing(**{name: value})
    assert (caught.value.reason, caught.value.field) == ("ENDPOINTING", f"config.endpointing.{name}")


@pytest.mark.parametrize(
    ("field", "reason"),
    [({"language": "xx"}, "UNKNOWN_LANGUAGE"), ({"initial_prompt": "x" * 1001}, "PROMPT_TOO_LONG")],
    ids=["language", "prompt"],
)
def test_a_request_that_cannot_be_is_refused(field: dict[str, str], reason: str) -> None:
    with pytest.raises(AntiphonError, match=reason):
        LiveRequest(**field)  # type: ignore[arg-type]


class Slow:
    """A clock that the model's work moves on."""

    def __init__(self, seconds: float) -> None:
        self.now = 0.0
        self._seconds = seconds

    def __call__(self) -> float:
        return self.now

    def work(self) -> None:
        """One look at the audio."""
        self.now += self._seconds


def paced(clock: Slow, audio: np.ndarray) -> tuple[list[object], Session, float]:
    """Feeds the audio at the pace of speech on ``clock``; what was told, the session, lag at the end."""
    session = Session(Reader(clock.work), Loudness(), LiveRequest(), clock)
    told: list[object] = []
    sent = 0
    chunk = SAMPLE_RATE // 10

    def take() -> None:
        nonlocal sent
        while sent < len(audio) and (sent + chunk) / SAMPLE_RATE <= clock.now:
            session.feed(audio[sent : sent + chunk], (sent + chunk) / SAMPLE_RATE)
            sent += chunk
        if sent >= len(audio):
            session.end()

    while not session.finished:
        take()
        for event in session.advance():
            take() if isinstance(event, Due) else told.append(event)
        clock.now = max(clock.now, (sent + chunk) / SAMPLE_RATE)
    return told, session, clock.now - len(audio) / SAMPLE_RATE


def test_a_machine_that_is_behind_leaves_interim_results_out_loses_no_word_and_tells_its_lag() -> None:
    talk = spoken(0, *range(1, 40), 0, 0)
    easy, at_ease, _ = paced(Slow(0.1), talk)
    hard, pressed, lag = paced(Slow(1.3), talk)
    assert (at_ease.skipped_steps, pressed.skipped_steps > 0) == (0, True)
    assert pressed.steps < at_ease.steps
    interims = [sum(isinstance(event, Interim) for event in told) for told in (hard, easy)]
    assert interims[0] < interims[1]
    assert text(easy) == text(hard) == "".join(f" w{number}" for number in range(1, 40))
    # It ends two looks after the talk at most, however long that was.
    assert lag < 3.0
    # A look takes 1.3 s, and the next audio has waited for it meanwhile.
    lags = [[event.at.lag_seconds for event in told if isinstance(event, Final)] for told in (hard, easy)]
    assert 1.3 <= max(lags[0]) < 3.0
    assert max(lags[1]) < 0.3
    # How late it was where it left something out is told there, and counts.
    told_late = [event.at.lag_seconds for event in hard if isinstance(event, Reached)]
    assert 1.3 <= max(told_late) <= pressed.max_lag < 3.0


def test_lag_counts_where_nothing_has_to_be_left_out() -> None:
    told, session, _ = paced(Slow(0.45), TALK)
    assert text(told) == WORDS
    assert session.skipped_steps == 0
    # A pause falls less than a look after the step before it.
    assert 0.1 < session.max_lag < 0.512


def test_a_recording_sent_at_once_is_not_late_while_it_is_heard_as_fast_as_it_was_spoken() -> None:
    talk = spoken(0, *range(1, 20), 0, 0)
    clock = Slow(0.4)
    told, session = follow(talk, [], model=Reader(clock.work), clock=clock)
    assert text(told) == "".join(f" w{number}" for number in range(1, 20))
    assert session.skipped_steps == 0
    # A look takes less than its step. Of the first chunk a quarter of a second counts as spoken before it came.
    assert session.max_lag <= 0.25


def test_audio_is_due_when_it_came_or_would_have_been_spoken() -> None:
    arrivals = Arrivals()
    for second, received in enumerate((11.0, 12.0, 15.0, 15.0), 1):
        arrivals.add(second * SAMPLE_RATE, received)
    moments = [arrivals.due(round(seconds * SAMPLE_RATE)) for seconds in (0.5, 1.0, 2.0, 2.5, 4.0)]
    assert moments == pytest.approx([11.25, 11.75, 12.75, 15.0, 15.0])
    live = Arrivals()
    live.add(SAMPLE_RATE // 10, 10.1)
    assert live.due(SAMPLE_RATE // 10) == pytest.approx(10.1)
    at_once = Arrivals()
    at_once.add(10 * SAMPLE_RATE, 10.0)
    assert at_once.due(5 * SAMPLE_RATE) == 14.75
