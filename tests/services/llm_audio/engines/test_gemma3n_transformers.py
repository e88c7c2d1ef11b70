"""Gemma 3n by transformers on a tiny model of random weights: what it says means nothing, that it hears does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_client import AntiphonClientError
from antiphon_wire.errors import AntiphonError, Cancelled
from services.llm_audio.contract import Prompt, Sampling, Turn
from services.llm_audio.engines.gemma3n_transformers import Gemma3nTransformers
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings
from standins import tiny_gemma3n
from tests.fixtures import recordings
from tests.services.llm_audio.scripted_tasks import describe
from tests.services.llm_audio.tiny_stores import Shop, stock

TINY = "tiny-gemma3n"
SETTINGS = LlmAudioSettings("gemma3n-transformers", device="cpu", default_model=TINY)
SOUNDS = 188  # tokens of a passage of any length, by the checkpoint's config
MANY = Sampling(max_tokens=24)


def speech(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise (1, n) in place of speech, bright and dull in turn: one that stays the same would be nothing to hear."""
    noise = np.random.default_rng(seed).standard_normal((1, round(seconds * 16_000))).astype(np.float32) / 8
    dull = np.convolve(noise[0], np.full(16, 0.25), "same")[None]
    return np.where(np.arange(noise.shape[1]) // 3200 % 2, noise, dull).astype(np.float32)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    return stock(folder, {TINY: ("gemma3n-transformers", tiny_gemma3n.write(folder / "weights"))})


@pytest.fixture(scope="module")
def jobs(shop: Shop) -> Jobs:
    return Jobs(SETTINGS, shop.store)


@pytest.fixture(scope="module")
def model(shop: Shop) -> Gemma3nTransformers:
    return Gemma3nTransformers.load(shop.store.require(TINY), SETTINGS)


Ask = Callable[..., Any]


@pytest.fixture
def ask(jobs: Jobs, tmp_path: Path) -> Ask:
    """Has samples (1, n) described."""
    return partial(describe, jobs, tmp_path)


def test_it_loads_without_the_libraries_of_the_picture_encoder_and_without_that_encoder(
    model: Gemma3nTransformers,
) -> None:
    assert not {"torchvision", "timm", "torchaudio"} & set(sys.modules)
    assert not hasattr(model._network.model, "vision_tower")


@pytest.mark.parametrize(
    ("seconds", "passages"), [(0.1, 1), (5.0, 1), (29.9, 1), (30.0, 1), (30.1, 2), (95.0, 4), (660.0, 22)]
)
def test_audio_of_every_length_is_heard_whole(ask: Ask, seconds: float, passages: int) -> None:
    answers, summary = ask(speech(seconds), sampling=Sampling(max_tokens=2))
    found = answers[0].passages
    # A passage has from half of 30 s to all of it.
    if seconds <= 30.0:
        assert found == ()
    else:
        assert passages <= len(found) <= 2 * passages
        assert found[0].passage.start_seconds == 0.0
        assert found[-1].passage.end_seconds == pytest.approx(seconds)
        assert all(each.passage.end_seconds - each.passage.start_seconds <= 30.0 for each in found)
    assert answers[0].usage.encoded == SOUNDS * max(1, len(found))
    assert ("AUDIO_IN_PASSAGES" in [each.reason for each in summary.warnings]) == bool(found)


def test_it_hears_the_samples(ask: Ask) -> None:
    assert len({ask(speech(3.0, seed), sampling=MANY)[0][0].text for seed in range(4)}) > 1


def test_a_transcript_is_one_text_and_an_analysis_names_its_passages(ask: Ask) -> None:
    samples = speech(50.0)
    samples[:, 25 * 16_000 : 26 * 16_000] *= 1e-4
    transcript, analysis = ask(samples, prompts=(Prompt("transcribe"), Prompt("analyze")))[0]
    first, second = transcript.passages
    assert 25.0 < first.passage.end_seconds < 26.0
    assert transcript.text == f"{first.text} {second.text}".strip()
    assert analysis.text.startswith("[0:00 to 0:2")
    assert "to 0:50] " in analysis.text
    assert analysis.usage.encoded == 0


def test_greedy_text_is_that_of_generate(model: Gemma3nTransformers) -> None:
    samples = speech(4.0)[0]
    turn = Turn("", None, "", "Describe it.", Sampling(max_tokens=24, repeat_penalty=1.0))
    ours = "".join(event for event in model.open(samples).ask(turn, lambda: None) if isinstance(event, str))
    before, after = model._chat.render(turn)
    ids = model._chat.tokens(before + model._sounds + after)
    features = model._features(samples, return_tensors="pt")
    with torch.inference_mode():
        made = model._network.generate(
            input_ids=torch.tensor([ids]), max_new_tokens=24, do_sample=False, pad_token_id=0, **features
        )
    theirs = model._chat._tokenizer.decode(made[0, len(ids) :], skip_special_tokens=True)
    assert ours == theirs != ""


def test_five_prompts_encode_the_audio_once_and_do_not_change_each_other(ask: Ask) -> None:
    names = ("full", "technical", "genre_mood", "instrumentation", "structure")
    answers, _ = ask(speech(5.0), prompts=tuple(Prompt(name) for name in names), sampling=MANY)
    assert [answer.usage.encoded for answer in answers] == [SOUNDS, 0, 0, 0, 0]
    # The sliding window has forgotten the beginning by now; a copy of the cache has not.
    alone, _ = ask(speech(5.0), prompts=(Prompt("structure"),), sampling=MANY)
    assert alone[0].text == answers[-1].text


def test_a_schema_binds_every_passage(ask: Ask) -> None:
    schema = {"type": "object", "properties": {"live": {"type": "boolean"}}, "required": ["live"]}
    schema["additionalProperties"] = False
    answers, _ = ask(speech(40.0), json_schema=json.dumps(schema), sampling=Sampling(max_tokens=64))
    assert answers[0].json is None
    assert [set(json.loads(part.json)) for part in answers[0].passages] == [{"live"}] * len(answers[0].passages)


def test_a_cancel_is_heard(ask: Ask) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        ask(speech(5.0), stop, sampling=Sampling(max_tokens=200))
    assert calls == 5
    assert ask(speech(1.0))[0][0].usage.encoded == SOUNDS


def test_out_of_memory_is_told_as_such(ask: Ask, jobs: Jobs, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(speech(1.0))
    loaded: Any = jobs._loader.load(shop.store.require(TINY))

    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(loaded._network.model.audio_tower, "forward", full)
        with pytest.raises(AntiphonError, match="OUT_OF_MEMORY") as caught:
            ask(speech(1.0))
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert ask(speech(1.0))[0]


def test_bfloat16_is_a_setting(shop: Shop, tmp_path: Path) -> None:
    jobs = Jobs(LlmAudioSettings(device="cpu", default_model=TINY, precision="bfloat16"), shop.store)
    answers, summary = describe(jobs, tmp_path, speech(2.0))
    assert summary.work.precision == "bfloat16"
    assert answers[0].usage.encoded == SOUNDS


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_a_checkpoint_without_one_of_its_files_is_refused(tmp_path: Path, file: str) -> None:
    folder = tiny_gemma3n.write(tmp_path / "model")
    (folder / file).unlink()
    installed: Any = SimpleNamespace(name="tiny", directory=folder)
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE") as caught:
        Gemma3nTransformers.load(installed, SETTINGS)
    assert caught.value.code == "FAILED_PRECONDITION"


async def test_over_the_wire_passages_have_their_times_and_a_killed_worker_is_replaced(serve: Any, shop: Shop) -> None:
    audio = recordings.wav(speech(40.0), 16_000)
    config = pb.DescriptionConfig(prompts=[pb.Prompt(name="analyze")], sampling=pb.Sampling(max_tokens=4))
    names = ("full", "technical", "genre_mood", "instrumentation", "structure")
    long = pb.DescriptionConfig(prompts=[pb.Prompt(name=name) for name in names], sampling=pb.Sampling(max_tokens=3000))
    settings = {"engine": "gemma3n-transformers", "default_model": TINY}
    async with serve(shop.store.root, shop.manifest, **settings) as (host, client):
        with pytest.raises(AntiphonClientError) as caught:
            async for event in client.describe(audio, long, timeout_seconds=120):
                if isinstance(event, pb.TextPiece):
                    for pid in host.pool.pids:
                        psutil.Process(pid).kill()
        assert caught.value.reason == "WORKER_LOST"
        events = [event async for event in client.describe(audio, config, timeout_seconds=120)]
        answer = next(event for event in events if isinstance(event, pb.Answer))
        assert len(answer.passages) == 2
        assert answer.passages[0].end_offset == answer.passages[1].start_offset
        assert answer.passages[1].end_offset.ToTimedelta().total_seconds() == pytest.approx(40.0)
        assert [warning.reason for warning in events[-1].warnings if warning.reason == "AUDIO_IN_PASSAGES"]
