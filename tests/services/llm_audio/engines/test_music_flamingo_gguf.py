"""Music Flamingo by llama.cpp on a tiny model of random weights: what it says means nothing, that it hears does."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_client import AntiphonClientError
from antiphon_wire.errors import AntiphonError, Cancelled
from services.llm_audio.contract import Answer, DescriptionRequest, Prompt, Sampling, Summary
from services.llm_audio.hearing import flamingo_windows
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings
from standins import tiny_flamingo
from tests.fixtures import recordings
from tests.services.llm_audio.scripted_tasks import ScriptedTask, describe
from tests.services.llm_audio.tiny_stores import TINY, Shop, flamingo, tone

SETTINGS = LlmAudioSettings("music-flamingo-gguf", device="cpu", default_model=TINY)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return flamingo(
        tmp_path_factory.mktemp("shop"),
        {"lm.gguf": tiny_flamingo.write_language_model, "mmproj.gguf": tiny_flamingo.write_projector},
    )


@pytest.fixture(scope="module")
def jobs(shop: Shop) -> Jobs:
    pytest.importorskip("llama_cpp")
    return Jobs(SETTINGS, shop.store)


Ask = Callable[..., tuple[list[Answer], Summary]]


@pytest.fixture
def ask(jobs: Jobs, tmp_path: Path) -> Ask:
    """Has samples (1, n) described."""

    return partial(describe, jobs, tmp_path)


@pytest.mark.parametrize(
    ("seconds", "windows"), [(0.1, 1), (5.0, 1), (29.9, 1), (30.0, 1), (30.1, 2), (95.0, 4), (600.0, 20)]
)
def test_every_length_becomes_whole_windows_less_a_tenth_of_a_second(seconds: float, windows: int) -> None:
    samples = np.ones(round(seconds * 16_000), np.float32)
    fitted = flamingo_windows.fit_to_windows(samples)
    assert fitted.size == windows * 480_000 - 1600
    assert flamingo_windows.windows_of(fitted) == windows
    assert fitted.sum() == min(samples.size, fitted.size)


@pytest.mark.parametrize(("seconds", "windows"), [(0.1, 1), (5.0, 1), (29.9, 1), (30.0, 1), (95.0, 4)])
def test_audio_of_every_length_is_heard_in_whole_windows(ask: Ask, seconds: float, windows: int) -> None:
    answers, summary = ask(tone(seconds))
    assert answers[0].usage.encoded == windows * flamingo_windows.TOKENS_PER_WINDOW
    assert summary.source is not None
    assert summary.source.seconds == pytest.approx(seconds)
    assert summary.work.engine == "music-flamingo-gguf"
    assert "AUDIO_IN_PASSAGES" not in {warning.reason for warning in summary.warnings}
    assert answers[0].passages == ()


def test_eleven_minutes_are_heard_in_two_passages_each_encoded_once(ask: Ask) -> None:
    samples = tone(660.0)
    samples[:, 300 * 16_000 : 301 * 16_000] = 0.0
    answers, summary = ask(samples, prompts=(Prompt("full"), Prompt("transcribe")))
    for answer in answers:
        first, second = answer.passages
        assert first.passage.start_seconds == 0.0
        assert 300.0 < first.passage.end_seconds == second.passage.start_seconds < 301.0
        assert second.passage.end_seconds == pytest.approx(660.0)
    # 11 windows before 300.5 s and 12 after; only the first question about each passage has the encoder compute.
    assert [answer.usage.encoded for answer in answers] == [(11 + 12) * flamingo_windows.TOKENS_PER_WINDOW, 0]
    full, transcribed = answers
    assert full.text.startswith("[0:00 to 5:0")
    assert f"[{full.text[9:13]} to 11:00]" in full.text
    assert transcribed.text == f"{transcribed.passages[0].text} {transcribed.passages[1].text}".strip()
    (warning,) = [each for each in summary.warnings if each.reason == "AUDIO_IN_PASSAGES"]
    assert "2 passages" in warning.message


def test_it_hears_the_samples_and_not_their_length(ask: Ask) -> None:
    sampling = Sampling(max_tokens=24)
    texts = {ask(tone(3.0, pitch), sampling=sampling)[0][0].text for pitch in (110.0, 220.0, 440.0, 1760.0)}
    noise = np.random.default_rng(0).standard_normal((1, 48_000)).astype(np.float32) / 4
    texts.add(ask(noise, sampling=sampling)[0][0].text)
    assert len(texts) > 1


def test_five_prompts_encode_the_audio_once(ask: Ask) -> None:
    names = ("full", "technical", "genre_mood", "instrumentation", "structure")
    answers, summary = ask(tone(40.0), prompts=tuple(Prompt(name) for name in names))
    assert [answer.usage.encoded for answer in answers] == [1500, 0, 0, 0, 0]
    one = answers[0].usage.evaluated
    assert summary.usage.evaluated < 2 * one
    assert all(answer.usage.prompt > 1500 for answer in answers)


def test_an_answer_does_not_depend_on_the_prompts_before_it(ask: Ask) -> None:
    sampling = Sampling(max_tokens=24)
    alone = ask(tone(5.0), prompts=(Prompt("technical"),), sampling=sampling)[0][0].text
    ask(tone(5.0, 990.0))
    both = ask(tone(5.0), prompts=(Prompt("full"), Prompt("technical")), sampling=sampling)[0]
    assert both[1].text == alone


def test_a_media_marker_in_a_prompt_is_no_audio(ask: Ask) -> None:
    answers, _ = ask(tone(1.0), prompts=(Prompt("own", "a <__media__> b <__media__>"),))
    assert answers[0].usage.encoded == flamingo_windows.TOKENS_PER_WINDOW


def test_facts_fill_placeholders_and_are_not_asked_for_twice(ask: Ask) -> None:
    answers, _ = ask(tone(1.0), prompts=(Prompt("own", "It has {bpm} BPM."),), facts_json=json.dumps({"tempo": 120}))
    assert answers[0].asked == "It has 120 BPM."
    assert answers[0].attempts == 1


def test_a_schema_binds_a_model_that_hears_too(ask: Ask) -> None:
    schema = {"type": "object", "properties": {"live": {"type": "boolean"}}, "required": ["live"]}
    schema["additionalProperties"] = False
    answers, _ = ask(tone(1.0), json_schema=json.dumps(schema), sampling=Sampling(max_tokens=200))
    assert answers[0].text.startswith("{")
    assert answers[0].json is None or set(json.loads(answers[0].json)) == {"live"}


def test_a_cancel_is_heard_while_the_audio_is_read(ask: Ask) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        ask(tone(95.0), stop)
    assert ask(tone(1.0))[0][0].usage.encoded == flamingo_windows.TOKENS_PER_WINDOW


def test_a_model_that_makes_room_for_another_frees_its_encoder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    mtmd = pytest.importorskip("llama_cpp.mtmd_cpp")
    freed: list[int] = []
    free = mtmd.mtmd_free
    monkeypatch.setattr(mtmd, "mtmd_free", lambda context: (freed.append(1), free(context)))
    jobs = Jobs(SETTINGS, shop.store)
    jobs._loader.load(shop.store.require(TINY))
    assert freed == []
    jobs._loader.give_up()
    assert freed == [1]


def test_without_audio_it_refuses(jobs: Jobs) -> None:
    with pytest.raises(AntiphonError, match="AUDIO_MISSING") as caught:
        list(jobs.describe(ScriptedTask(), DescriptionRequest()))
    assert caught.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("files", "code", "reason"),
    [
        ({"lm.gguf": tiny_flamingo.write_language_model}, "FAILED_PRECONDITION", "MMPROJ_MISSING"),
        (
            {"lm.gguf": tiny_flamingo.write_language_model, "mmproj.gguf": lambda path: path.write_bytes(b"GGUF")},
            "FAILED_PRECONDITION",
            "MODEL_UNREADABLE",
        ),
        (
            {"lm.gguf": tiny_flamingo.write_projector, "mmproj.gguf": tiny_flamingo.write_projector},
            "FAILED_PRECONDITION",
            "MODEL_UNREADABLE",
        ),
        (
            {
                "lm.gguf": lambda path: tiny_flamingo.write_language_model(path, architecture="gemma3n"),
                "mmproj.gguf": tiny_flamingo.write_projector,
            },
            "UNIMPLEMENTED",
            "GEMMA3N_AUDIO_GGUF",
        ),
    ],
    ids=["no projector", "a broken projector", "no language model", "gemma 3n"],
)
def test_models_that_cannot_hear_are_refused(
    tmp_path: Path, files: dict[str, Callable[[Path], object]], code: str, reason: str
) -> None:
    pytest.importorskip("llama_cpp")
    with pytest.raises(AntiphonError) as caught:
        Jobs(SETTINGS, flamingo(tmp_path, files).store).warm()
    assert (caught.value.code, caught.value.reason) == (code, reason)


async def test_over_the_wire_the_summary_says_that_it_was_heard(serve: Any, shop: Shop) -> None:
    audio = recordings.wav(recordings.tone(2.0))
    config = pb.DescriptionConfig(sampling=pb.Sampling(max_tokens=4))
    settings = {"engine": "music-flamingo-gguf", "default_model": TINY}
    async with serve(shop.store.root, shop.manifest, **settings) as (_, client):
        events = [event async for event in client.describe(audio, config, timeout_seconds=120)]
        assert isinstance(events[-1], pb.DescriptionSummary)
        assert events[-1].heard_audio
        assert len(events[-1].provenance.pcm_sha256) == 32
        assert events[-1].usage.encoded_token_count == flamingo_windows.TOKENS_PER_WINDOW
        for given, reason in ((None, "AUDIO_MISSING"), (b"no audio " * 99, "AUDIO_UNDECODABLE")):
            with pytest.raises(AntiphonClientError) as caught:
                async for _ in client.describe(given, config, timeout_seconds=60):
                    pass
            assert caught.value.reason == reason
