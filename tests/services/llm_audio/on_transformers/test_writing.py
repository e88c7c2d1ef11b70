"""How tokens are chosen and spelled where transformers writes, on scores and bytes with known answers."""

from __future__ import annotations

import math

import pytest
import torch

from services.llm_audio.contract import PENALTY_TOKENS, Sampling
from services.llm_audio.on_transformers.sampling import Sampler
from services.llm_audio.on_transformers.spelling import Speller
from standins.tiny_flamingo import CONTROL, byte_symbols
from standins.tiny_flamingo_checkpoint import make_tokenizer

SCORES = torch.log(torch.tensor([0.4, 0.3, 0.2, 0.1]))


def drawn(sampling: Sampling, count: int = 400) -> set[int]:
    sampler = Sampler(sampling)
    return {sampler.choose(SCORES, [], None) for _ in range(count)}


def test_greedy_takes_the_likeliest_and_what_a_schema_forbids_is_never_taken() -> None:
    sampler = Sampler(Sampling())
    assert sampler.choose(SCORES, [], None) == 0
    assert sampler.choose(SCORES, [], torch.tensor([False, False, True, True])) == 2


def test_a_penalty_divides_positive_scores_multiplies_negative_ones_and_leaves_the_models_own_alone() -> None:
    sampler = Sampler(Sampling(repeat_penalty=2.0))
    scores = torch.tensor([3.0, 1.625, -1.0, -1.5])
    assert sampler.choose(scores, [0], None) == 1  # 3 / 2 is below 1.625
    assert sampler.choose(torch.tensor([-1.0, -1.5]), [0], None) == 1  # -1 * 2 is below -1.5
    assert scores.tolist() == [3.0, 1.625, -1.0, -1.5]


def test_a_penalty_forgets_what_is_far_behind() -> None:
    sampler = Sampler(Sampling(repeat_penalty=2.0))
    scores = torch.tensor([3.0, 1.6, 0.0])
    assert sampler.choose(scores, [0] + [2] * (PENALTY_TOKENS - 1), None) == 1
    assert sampler.choose(scores, [0] + [2] * PENALTY_TOKENS, None) == 0


@pytest.mark.parametrize(
    ("sampling", "kept"),
    [
        (Sampling(do_sample=True, temperature=1.0, top_p=1.0), {0, 1, 2, 3}),
        (Sampling(do_sample=True, temperature=1.0, top_p=1.0, top_k=2), {0, 1}),
        (Sampling(do_sample=True, temperature=1.0, top_p=0.65), {0, 1}),
        (Sampling(do_sample=True, temperature=1.0, top_p=0.75), {0, 1, 2}),
        (Sampling(do_sample=True, temperature=1.0, top_p=0.01), {0}),
        # Top-p goes by the model's own shares, before temperature flattens them, as by llama.cpp.
        (Sampling(do_sample=True, temperature=2.0, top_p=0.65), {0, 1}),
    ],
)
def test_draws_keep_to_the_best_and_to_the_mass(sampling: Sampling, kept: set[int]) -> None:
    # 400 draws miss the rarest of these, a tenth, with a chance below 1e-18; the seed is fixed besides.
    assert drawn(sampling) == kept


def test_temperature_sharpens_and_flattens() -> None:
    def share(temperature: float) -> float:
        sampler = Sampler(Sampling(do_sample=True, temperature=temperature, top_p=1.0, seed=3))
        return sum(sampler.choose(SCORES, [], None) == 0 for _ in range(2000)) / 2000

    for temperature in (0.5, 1.0, 2.0):
        powers = [each ** (1 / temperature) for each in (0.4, 0.3, 0.2, 0.1)]
        expected = powers[0] / sum(powers)
        # Four standard deviations of 2000 draws; the seed is fixed.
        assert abs(share(temperature) - expected) < 4 * math.sqrt(expected * (1 - expected) / 2000)


@pytest.mark.parametrize("text", ["plain", "é", "naïve 😀 done", "日本語", "\N{REPLACEMENT CHARACTER} stays"])
def test_letters_wait_for_their_last_byte_and_the_pieces_are_the_text(text: str) -> None:
    tokenizer = make_tokenizer(byte_symbols(), CONTROL)
    speller = Speller(tokenizer)
    pieces = [speller.add(token) for token in tokenizer(text, add_special_tokens=False).input_ids]
    assert "".join(pieces) + speller.rest() == text
    if "\N{REPLACEMENT CHARACTER}" not in text:
        assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


def test_bytes_that_are_no_letters_are_replaced_and_do_not_hold_up_what_follows() -> None:
    tokenizer = make_tokenizer(byte_symbols(), CONTROL)
    speller = Speller(tokenizer)
    tokens = [0xF0, 0x9F, ord("a"), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, ord("b"), 0xC3]
    pieces = [speller.add(token) for token in tokens]
    assert "a" in "".join(pieces[:3])
    assert "".join(pieces) + speller.rest() == bytes(tokens).decode("utf-8", "replace")


def test_steering_tokens_have_no_letters() -> None:
    tokenizer = make_tokenizer(byte_symbols(), CONTROL)
    speller = Speller(tokenizer)
    assert "".join(speller.add(token) for token in (ord("a"), 256, ord("b"))) + speller.rest() == "ab"
