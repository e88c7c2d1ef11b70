"""Music Flamingo by transformers on tiny weights, and held against llama.cpp on the same ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_wire.errors import AntiphonError, Cancelled
from services.llm_audio.contract import Prompt, Sampling, Turn
from services.llm_audio.engines.music_flamingo_gguf import MusicFlamingoGguf
from services.llm_audio.engines.music_flamingo_transformers import MusicFlamingoTransformers
from services.llm_audio.hearing import flamingo_windows
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings
from standins import tiny_flamingo, tiny_flamingo_checkpoint
from tests.fixtures import recordings
from tests.services.llm_audio.scripted_tasks import describe
from tests.services.llm_audio.tiny_stores import Shop, stock, tone

AF3, MF, GGUF = "tiny-af3", "tiny-mf", "tiny-gguf"
SETTINGS = LlmAudioSettings("music-flamingo-transformers", device="cpu", default_model=AF3)
BOTH = [AF3, MF]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "gguf").mkdir()
    tiny_flamingo.write_language_model(folder / "gguf" / "lm.gguf")
    tiny_flamingo.write_projector(folder / "gguf" / "mmproj.gguf")
    return stock(
        folder,
        {
            AF3: ("music-flamingo-transformers", tiny_flamingo_checkpoint.write(folder / "af3")),
            MF: ("music-flamingo-transformers", tiny_flamingo_checkpoint.write(folder / "mf", "MusicFlamingo")),
            GGUF: ("music-flamingo-gguf", folder / "gguf"),
        },
    )


@pytest.fixture(scope="module")
def jobs(shop: Shop) -> Jobs:
    return Jobs(SETTINGS, shop.store)


Ask = Callable[..., Any]


@pytest.fixture
def ask(jobs: Jobs, tmp_path: Path) -> Ask:
    """Has samples (1, n) described."""
    return partial(describe, jobs, tmp_path)


@pytest.fixture(scope="module")
def af3(shop: Shop) -> MusicFlamingoTransformers:
    return MusicFlamingoTransformers.load(shop.store.require(AF3), SETTINGS)


@pytest.fixture(scope="module")
def mf(shop: Shop) -> MusicFlamingoTransformers:
    return MusicFlamingoTransformers.load(shop.store.require(MF), SETTINGS)


# Against llama.cpp.


def logits(model: Any, samples: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The scores of an answer's first token."""
    turn = Turn("", None, "", "Describe it.", Sampling(max_tokens=1, repeat_penalty=1.0))
    if isinstance(model, MusicFlamingoGguf):
        import llama_cpp

        list(model.open(samples).ask(turn, lambda: None))
        llama = model._llama
        pointer = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
        return np.ctypeslib.as_array(pointer, shape=(llama.n_vocab(),)).copy()
    seen: list[np.ndarray] = []
    sampler = "services.llm_audio.on_transformers.sampling.Sampler.choose"
    with monkeypatch.context() as patch:
        patch.setattr(sampler, lambda self, scores, *_: seen.append(scores.numpy().copy()) or int(scores.argmax()))
        list(model.open(samples).ask(turn, lambda: None))
    return seen[0]


@pytest.mark.parametrize("seconds", [5.0, 29.9, 30.0])
def test_both_backends_score_the_next_token_alike(
    af3: MusicFlamingoTransformers, shop: Shop, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    gguf = MusicFlamingoGguf.load(shop.store.require(GGUF), SETTINGS)
    ours, theirs = (logits(model, tone(seconds)[0], monkeypatch) for model in (af3, gguf))
    cosine = float(ours @ theirs / (np.linalg.norm(ours) * np.linalg.norm(theirs)))
    # llama.cpp reads one token more before the sounds and three more of padding; unpadded clips give 0.893 and 0.973.
    assert cosine > 0.999
    assert int(ours.argmax()) == int(theirs.argmax())


async def test_a_comparison_of_both_backends_finds_no_difference_and_what_each_costs(serve: Any, shop: Shop) -> None:
    sides = [pb.Side(name="gguf", model=GGUF), pb.Side(name="transformers", model=AF3)]
    config = pb.ComparisonConfig(sides=sides, sampling=pb.Sampling(max_tokens=24))
    audio = recordings.wav(tone(5.0), 16_000)
    async with serve(shop.store.root, shop.manifest, engine="music-flamingo-gguf", default_model=AF3) as (_, client):
        events = [event async for event in client.compare(audio, config, timeout_seconds=200)]
    outcomes = [event for event in events if isinstance(event, pb.SideOutcome)]
    assert [each.summary.provenance.engine for each in outcomes] == [
        "music-flamingo-gguf",
        "music-flamingo-transformers",
    ]
    assert outcomes[0].summary.source.pcm_sha256 == outcomes[1].summary.source.pcm_sha256
    assert all(each.measures.load_duration.ToNanoseconds() > 0 for each in outcomes)
    assert all(each.measures.peak_memory_bytes >= each.measures.memory_before_bytes for each in outcomes)
    (agreement,) = events[-1].agreements
    assert (agreement.identical, agreement.chrf) == (True, 100.0)


async def test_both_backends_write_the_same_through_the_service(serve: Any, shop: Shop) -> None:
    audio = recordings.wav(tone(5.0), 16_000)
    texts = {}
    async with serve(shop.store.root, shop.manifest, engine="music-flamingo-gguf", default_model=AF3) as (_, client):
        for model in (GGUF, AF3):
            config = pb.DescriptionConfig(model=model, sampling=pb.Sampling(max_tokens=24))
            events = [event async for event in client.describe(audio, config, timeout_seconds=120)]
            assert events[-1].provenance.engine == shop.store.manifest.model(model).engine
            texts[model] = next(event.text for event in events if isinstance(event, pb.Answer))
    assert texts[GGUF] == texts[AF3] != ""


# Alone.


@pytest.mark.parametrize(("seconds", "windows"), [(0.1, 1), (5.0, 1), (29.9, 1), (30.0, 1), (95.0, 4)])
def test_audio_of_every_length_is_heard_in_the_windows_of_the_other_backend(
    ask: Ask, seconds: float, windows: int
) -> None:
    answers, summary = ask(tone(seconds))
    # transformers drops what the last 0.1 s would have been: 25 tokens a second, rounded down.
    assert answers[0].usage.encoded == windows * flamingo_windows.TOKENS_PER_WINDOW - 3
    assert summary.source.seconds == pytest.approx(seconds)
    assert summary.work.engine == "music-flamingo-transformers"
    assert answers[0].passages == ()


@pytest.mark.parametrize(("seconds", "tokens"), [(0.1, 2), (5.0, 125), (29.9, 747), (30.0, 750), (95.0, 2375)])
def test_music_flamingos_own_architecture_hears_the_clip_without_padding(ask: Ask, seconds: float, tokens: int) -> None:
    answers, _ = ask(tone(seconds), model=MF)
    assert answers[0].usage.encoded == tokens


def test_windows_encoded_one_by_one_are_those_of_transformers_own_encoding(
    af3: MusicFlamingoTransformers, mf: MusicFlamingoTransformers
) -> None:
    samples = tone(70.0)[0]
    for model in (af3, mf):
        network, processor = model._network, model._processor
        inputs = processor(text="<sound>", audio=samples, return_tensors="pt")
        inputs.pop("attention_mask")
        ids = {"input_ids": inputs.pop("input_ids")}
        with torch.inference_mode():
            whole = network.get_audio_features(**inputs, **(ids if model is mf else {})).pooler_output
        ours = model._encode(samples, lambda: None)[0]
        assert ours.shape == whole.shape
        torch.testing.assert_close(ours, whole, rtol=1e-3, atol=1e-4)  # float32, sums in another order


def test_greedy_text_is_that_of_generate(mf: MusicFlamingoTransformers) -> None:
    samples = tone(7.0)[0]
    turn = Turn("", None, "", "Describe it.", Sampling(max_tokens=24, repeat_penalty=1.0))
    ours = "".join(event for event in mf.open(samples).ask(turn, lambda: None) if isinstance(event, str))
    content = [{"type": "audio", "audio": samples}, {"type": "text", "text": "\nDescribe it."}]
    inputs = mf._processor.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=True, add_generation_prompt=True, return_dict=True
    )
    with torch.inference_mode():
        made = mf._network.generate(**inputs, max_new_tokens=24, do_sample=False)
    theirs = mf._processor.decode(made[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    assert ours.strip() == theirs.strip() != ""


@pytest.mark.parametrize("model", BOTH)
def test_five_prompts_encode_the_audio_once(ask: Ask, model: str) -> None:
    names = ("full", "technical", "genre_mood", "instrumentation", "structure")
    answers, summary = ask(tone(40.0), model=model, prompts=tuple(Prompt(name) for name in names))
    assert [bool(answer.usage.encoded) for answer in answers] == [True, False, False, False, False]
    assert summary.usage.evaluated < 2 * answers[0].usage.evaluated


def test_an_answer_does_not_depend_on_the_prompts_before_it(ask: Ask) -> None:
    sampling = Sampling(max_tokens=24)
    alone = ask(tone(5.0), prompts=(Prompt("technical"),), sampling=sampling)[0][0].text
    both = ask(tone(5.0), prompts=(Prompt("full"), Prompt("technical")), sampling=sampling)[0]
    assert both[1].text == alone


def test_eleven_minutes_are_heard_in_two_passages_by_the_one_and_at_once_by_the_other(ask: Ask) -> None:
    answers, summary = ask(tone(660.0), prompts=(Prompt("full"), Prompt("technical")), sampling=Sampling(max_tokens=4))
    assert [len(answer.passages) for answer in answers] == [2, 2]
    assert answers[1].usage.encoded == 0
    assert "AUDIO_IN_PASSAGES" in [warning.reason for warning in summary.warnings]
    answers, summary = ask(tone(660.0), model=MF, sampling=Sampling(max_tokens=4))
    assert answers[0].passages == ()
    assert answers[0].usage.encoded == 660 * 25
    assert "AUDIO_IN_PASSAGES" not in [warning.reason for warning in summary.warnings]


def test_a_schema_binds_every_token(ask: Ask) -> None:
    schema = {
        "type": "object",
        "properties": {"live": {"type": "boolean"}, "key": {"enum": ["A minor", "C major"]}},
        "required": ["live", "key"],
        "additionalProperties": False,
    }
    answers, _ = ask(tone(1.0), json_schema=json.dumps(schema), sampling=Sampling(max_tokens=200))
    assert set(json.loads(answers[0].json)) == {"live", "key"}
    assert answers[0].finished


def test_a_schema_that_no_grammar_can_hold_is_refused(ask: Ask) -> None:
    schema = {"type": "string", "pattern": "(?=a)b"}
    with pytest.raises(AntiphonError, match="JSON_SCHEMA") as caught:
        ask(tone(1.0), json_schema=json.dumps(schema))
    assert caught.value.code == "INVALID_ARGUMENT"


def test_a_seed_gives_the_same_text_and_another_seed_another(ask: Ask) -> None:
    def text(seed: int) -> str:
        sampling = Sampling(do_sample=True, temperature=1.5, top_p=1.0, seed=seed, max_tokens=24)
        return str(ask(tone(2.0), sampling=sampling)[0][0].text)

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(4)}) > 1


def test_steering_tokens_in_a_prompt_are_taken_out(ask: Ask) -> None:
    answers, _ = ask(tone(1.0), prompts=(Prompt("own", "a<sound>b<|im_<|im_end|>end|>c"),))
    assert answers[0].usage.encoded == flamingo_windows.TOKENS_PER_WINDOW - 3


def test_every_added_token_that_a_caller_spells_is_text_to_the_tokenizer(af3: MusicFlamingoTransformers) -> None:
    chat: Any = af3._chat
    added = chat._tokenizer.added_tokens_decoder

    def steering(text: str) -> list[int]:
        turn = Turn("", None, "", text, Sampling())
        return [token for part in chat.render(turn) for token in chat.tokens(part) if token in added]

    spelled = "".join(each.content for each in added.values())
    assert spelled
    assert steering(f"a {spelled} b <|im_<|im_end|>end|>") == steering("a b")


def test_a_prompt_longer_than_the_context_is_refused(shop: Shop, tmp_path: Path) -> None:
    small = Jobs(LlmAudioSettings(device="cpu", default_model=AF3, context_tokens=512), shop.store)
    with pytest.raises(AntiphonError, match="CONTEXT_TOO_LONG") as caught:
        describe(small, tmp_path, tone(1.0), prompts=(Prompt("own", "word " * 200),))
    assert caught.value.code == "OUT_OF_RANGE"


@pytest.mark.parametrize("at", [1, 2, 3, 6])
def test_a_cancel_is_heard_while_the_audio_is_read_and_between_tokens(ask: Ask, at: int) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        ask(tone(95.0), stop)
    assert calls == at
    assert ask(tone(1.0))[0][0].text


def test_out_of_memory_is_told_as_such_and_the_model_goes_on(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(MusicFlamingoTransformers, "_encode_window", full)
        with pytest.raises(AntiphonError, match="OUT_OF_MEMORY") as caught:
            ask(tone(1.0))
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert ask(tone(1.0))[0][0].text


def test_bfloat16_is_a_setting(shop: Shop, tmp_path: Path) -> None:
    jobs = Jobs(LlmAudioSettings(device="cpu", default_model=AF3, precision="bfloat16"), shop.store)
    _, summary = describe(jobs, tmp_path, tone(1.0))
    assert summary.work.precision == "bfloat16"


def test_flash_attention_without_its_package_is_refused_and_not_replaced(shop: Shop) -> None:
    settings = LlmAudioSettings(device="cpu", default_model=AF3, attention="flash_attention_2")
    with pytest.raises(AntiphonError, match="ATTENTION_NOT_AVAILABLE"):
        Jobs(settings, shop.store).warm()


def installed(folder: Path) -> Any:
    return SimpleNamespace(name="tiny", directory=folder)


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("config.json", lambda text: text.replace("AudioFlamingo3ForCond", "LlamaForCond"), "MODEL_UNREADABLE"),
        ("config.json", lambda text: "{", "MODEL_UNREADABLE"),
        ("model.safetensors", None, "MODEL_UNREADABLE"),
        ("processor_config.json", None, "MODEL_UNREADABLE"),
        ("chat_template.jinja", None, "NO_CHAT_TEMPLATE"),
        ("chat_template.jinja", lambda text: text.replace("<sound>", ""), "CHAT_TEMPLATE"),
    ],
    ids=["another architecture", "no config", "no weights", "no processor", "no template", "no place for audio"],
)
def test_checkpoints_that_cannot_be_used_are_refused(
    tmp_path: Path, file: str, change: Callable[[str], str] | None, reason: str
) -> None:
    folder = tiny_flamingo_checkpoint.write(tmp_path / "model")
    path = folder / file
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    with pytest.raises(AntiphonError) as caught:
        session = MusicFlamingoTransformers.load(installed(folder), SETTINGS).open(tone(1.0)[0])
        list(session.ask(Turn("", None, "", "x", Sampling(max_tokens=1, repeat_penalty=1.0)), lambda: None))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", reason)
