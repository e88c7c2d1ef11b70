"""The engine against transformers' own ``generate`` and decode, for each variant, on tiny random weights."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from antiphon_wire.errors import Cancelled
from services.generation.contract import Sampling
from services.generation.engines.musicgen import engine as musicgen
from services.generation.engines.musicgen.engine import MusicGen

KINDS = ("mono", "stereo", "melody")
GREEDY = Sampling(temperature=0)
# Samples are up to 0.3, what differs between codes about 0.01; the same sums in another order differ by 1e-7.
SAME = 1e-6

every_kind = pytest.mark.parametrize("kind", KINDS)
Load = Callable[[str], MusicGen]


def published(engine: MusicGen, seconds: float, guidance: float = 3.0, **inputs: Any) -> np.ndarray:
    """What ``generate`` of transformers gives without drawing: ``(pieces, channels, n)``."""
    model = engine._model
    model.generation_config.max_length = None
    frames = round(seconds * 50)
    made = model.generate(**inputs, max_new_tokens=frames + 3, do_sample=False, guidance_scale=guidance)
    return made.numpy()


def tokens(engine: MusicGen, *texts: str) -> dict[str, torch.Tensor]:
    found = engine._tokenizer(list(texts), padding=True, return_tensors="pt")
    return {"input_ids": found.input_ids, "attention_mask": found.attention_mask}


@every_kind
def test_the_stream_equals_generate_of_transformers(load: Load, order: Any, samples_of: Any, kind: str) -> None:
    engine = load(kind)
    theirs = published(engine, 3.0, **tokens(engine, "warm piano"))
    ours = samples_of(engine, order(sampling=GREEDY, seconds=3.0))
    assert ours.shape == theirs.shape == (1, engine.channels, 96_000)
    assert np.abs(ours - theirs).max() < SAME


@every_kind
def test_prompts_of_different_lengths_together_equal_generate(
    load: Load, order: Any, samples_of: Any, kind: str
) -> None:
    engine, texts = load(kind), ("warm piano", "energetic electronic dance 120 bpm with drums", "calm")
    ours = samples_of(engine, order(*texts, sampling=GREEDY))
    assert np.abs(ours - published(engine, 1.0, **tokens(engine, *texts))).max() < SAME


@every_kind
def test_without_guidance_it_equals_generate(load: Load, order: Any, samples_of: Any, kind: str) -> None:
    engine = load(kind)
    plain = Sampling(temperature=0, guidance_scale=1)
    ours = samples_of(engine, order(sampling=plain))
    assert np.abs(ours - published(engine, 1.0, guidance=1.0, **tokens(engine, "warm piano"))).max() < SAME
    assert np.abs(ours - samples_of(engine, order(sampling=GREEDY))).max() > 100 * SAME, "the control: guidance matters"


@pytest.mark.parametrize("kind", ["mono", "stereo"])
def test_without_a_prompt_it_equals_generate_on_null_inputs(load: Load, order: Any, samples_of: Any, kind: str) -> None:
    engine = load(kind)
    nothing = engine._model.get_unconditional_inputs(1)
    theirs = published(
        engine, 1.0, guidance=1.0, encoder_outputs=nothing.encoder_outputs, attention_mask=nothing.attention_mask
    )
    assert np.abs(samples_of(engine, order("", sampling=GREEDY)) - theirs).max() < SAME


@pytest.mark.parametrize("kind", ["mono", "stereo"])
def test_a_continuation_equals_generate_on_the_same_codes(
    load: Load, order: Any, samples_of: Any, kind: str, scale: np.ndarray
) -> None:
    engine = load(kind)
    clip = np.stack([scale, scale[::-1]])[: engine.channels, :32_000]
    wave = torch.from_numpy(clip.copy())[None]
    theirs = published(engine, 1.0, input_values=wave, **tokens(engine, "warm piano"))
    wanted = order(sampling=GREEDY, continuation=clip, include_clip=True)
    ours = samples_of(engine, wanted)
    assert ours.shape == theirs.shape == (1, engine.channels, 64_000)
    assert engine.frame_counts(1.0, clip.shape[1], True) == (64_000, 32_000)
    assert np.abs(ours - theirs).max() < SAME
    alone = samples_of(engine, order(sampling=GREEDY, continuation=clip))
    assert np.array_equal(alone, ours[..., 32_000:]), "the joint is the same whether the clip is included or not"


def test_of_a_clip_longer_than_the_context_the_end_is_heard(
    load: Load, order: Any, samples_of: Any, scale: np.ndarray
) -> None:
    engine = load("mono")  # its context is 1.5 s
    whole, end = (samples_of(engine, order(continuation=each[None])) for each in (scale, scale[-48_000:]))
    assert np.array_equal(whole, end)
    assert not np.array_equal(whole, samples_of(engine, order(continuation=scale[None, :48_000])))


def test_a_melody_equals_generate_on_its_chroma(load: Load, order: Any, samples_of: Any, scale: np.ndarray) -> None:
    engine = load("melody")
    features = torch.from_numpy(musicgen.chroma.chroma(scale))[None]
    theirs = published(engine, 2.0, input_features=features, **tokens(engine, "warm piano"))
    ours = samples_of(engine, order(sampling=GREEDY, seconds=2.0, melody=scale[None]))
    assert np.abs(ours - theirs).max() < SAME
    without = samples_of(engine, order(sampling=GREEDY, seconds=2.0))
    assert np.abs(ours - without).max() > 100 * SAME, "the control: the tune matters"


@every_kind
def test_a_long_piece_is_one_decode_of_all_its_codes(
    load: Load, order: Any, samples_of: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[Any] = []

    class Watched(musicgen.DelayedCodes):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            windows.append(self)

    monkeypatch.setattr(musicgen, "DelayedCodes", Watched)
    engine = load(kind)
    ours = samples_of(engine, order(seconds=9.0))  # windows of 4 s that keep 1.5 s
    assert [window.codes.shape[-1] for window in windows] == [200, 200, 200]
    codes = torch.cat([window.codes[..., window.prompt_frames :] for window in windows], -1)
    assert codes.shape[-1] == 450
    assert ours.shape[-1] == 450 * 640
    for before, after in pairwise(windows):
        assert torch.equal(after.codes[..., :75], before.codes[..., -75:])
    codec = engine._model.audio_encoder
    with torch.inference_mode():
        sides = [codes[:, side :: engine.channels] for side in range(engine.channels)]
        once = torch.cat([codec.decode(each[None], [None]).audio_values for each in sides], 1)
    assert np.abs(ours - once.numpy()).max() < SAME


@every_kind
def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(
    load: Load, order: Any, samples_of: Any, kind: str
) -> None:
    engine = load(kind)
    first = samples_of(engine, order(seed=7))
    assert np.array_equal(first, samples_of(engine, order(seed=7)))
    assert np.abs(first - samples_of(engine, order(seed=8))).max() > 100 * SAME
    assert np.abs(first - samples_of(engine, order("calm guitar", seed=7))).max() > 100 * SAME


def test_each_piece_of_a_batch_is_what_its_seed_gives_alone(load: Load, order: Any, samples_of: Any) -> None:
    engine = load("mono")
    together = samples_of(engine, order("warm piano", "warm piano", seed=4))
    for piece, seed in enumerate((4, 5)):
        # Products of matrices round otherwise for other batch sizes: the same draws, not always the same bytes.
        assert np.abs(together[piece] - samples_of(engine, order(seed=seed))[0]).max() < SAME
    assert np.abs(together[0] - together[1]).max() > 100 * SAME


@every_kind
def test_a_negative_prompt_takes_the_place_of_no_prompt(load: Load, order: Any, samples_of: Any, kind: str) -> None:
    engine = load(kind)
    plain = samples_of(engine, order(sampling=GREEDY))
    against = samples_of(engine, order(sampling=GREEDY, negative_prompt="energetic electronic dance"))
    assert np.abs(plain - against).max() > 100 * SAME
    # Against itself the guidance has nothing to amplify: what is left is the prompt alone.
    itself = samples_of(engine, order(sampling=GREEDY, negative_prompt="warm piano"))
    alone = samples_of(engine, order(sampling=Sampling(temperature=0, guidance_scale=1)))
    if kind != "melody":  # whose other half has no tune either
        assert np.abs(itself - alone).max() < SAME


def test_audio_flows_while_tokens_are_made(load: Load, order: Any) -> None:
    engine = load("mono")
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    seen = [(steps, block) for block in engine.generate(order(seconds=3.0), step)]
    with_audio = [(at, block) for at, block in seen if block.samples.shape[-1]]
    assert steps == 153
    # Blocks of 25 frames, the last codebook three steps late.
    assert [at for at, _ in with_audio] == [28, 53, 78, 103, 128, 153]
    assert with_audio[0][1].samples.shape[-1] >= 20 * 640
    seconds = [block.seconds for _, block in seen]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 3.0
    assert max(b - a for a, b in pairwise(seconds)) <= musicgen.PROGRESS_STEPS / 50 + 1e-9


@pytest.mark.parametrize("at", [1, 2, 40])
def test_a_cancel_takes_effect_before_the_next_step_and_leaves_nothing_behind(
    load: Load, order: Any, samples_of: Any, at: int
) -> None:
    engine = load("mono")
    before = samples_of(engine, order())
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(engine.generate(order(), step))
    assert steps == at
    assert np.array_equal(samples_of(engine, order()), before)


def test_a_tune_goes_on_in_the_next_window_and_comes_again_at_its_end(load: Load, scale: np.ndarray) -> None:
    engine = load("melody")
    tune = musicgen.chroma.chroma(scale)  # 4 s: 32 frames
    whole = engine._tune_from(tune, 0)
    later = engine._tune_from(tune, 64)  # 1.28 s are ten frames of the tune
    assert whole.shape == (235, 12)
    assert torch.equal(later[:100], whole[10:110])
    assert torch.equal(whole[len(tune) : 2 * len(tune)], whole[: len(tune)])


def test_each_window_hears_the_tune_from_where_it_begins(
    load: Load, order: Any, samples_of: Any, scale: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, begun = load("melody"), []
    whole = engine._tune_from
    monkeypatch.setattr(engine, "_tune_from", lambda tune, frame: begun.append(frame) or whole(tune, frame))
    samples_of(engine, order(seconds=9.0, melody=scale[None]))
    # Windows of 4 s, 1.5 s of which are carried on: they begin 2.5 s, 125 frames, after one another.
    assert begun == [0, 125, 250]
