"""Tokens are chosen as transformers chooses them, and each piece has draws of its own."""

from __future__ import annotations

import pytest
import torch
from transformers.generation.logits_process import ClassifierFreeGuidanceLogitsProcessor

from services.generation.contract import Sampling
from services.generation.engines.musicgen.sampling import Sampler

CPU = torch.device("cpu")


def scores(rows: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, 32, generator=torch.Generator().manual_seed(seed))


def frequencies(sampling: Sampling, row: torch.Tensor, draws: int = 4000) -> torch.Tensor:
    sampler = Sampler(sampling, [0], False, CPU)
    many = row.expand(draws, -1)
    return torch.bincount(sampler(many)[0], minlength=row.shape[-1]) / draws


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(top_k=0),
        Sampling(top_k=3),
        Sampling(top_k=0, top_p=0.5),
        Sampling(top_k=0, temperature=0.5),
    ],
)
def test_tokens_come_as_often_as_they_should(sampling: Sampling) -> None:
    row = scores(1, 3)[0]
    share = torch.softmax(row / sampling.temperature, -1)
    if sampling.top_k:
        share = torch.where(share >= share.sort(descending=True).values[sampling.top_k - 1], share, 0)
    if sampling.top_p < 1:
        order = share.argsort(descending=True)
        before = share[order].cumsum(0) - share[order]
        share[order[before >= sampling.top_p]] = 0
    share = share / share.sum()
    found = frequencies(sampling, row)
    # 4000 draws: three standard deviations of a share are at most 0.024.
    assert (found - share).abs().max() < 0.03
    assert (found[share == 0] == 0).all()


def test_no_temperature_takes_the_likeliest() -> None:
    rows = scores(8)
    assert torch.equal(Sampler(Sampling(temperature=0), [1, 2], False, CPU)(rows).flatten(), rows.argmax(-1))


def test_guidance_is_that_of_transformers() -> None:
    rows = scores(8)
    guided = ClassifierFreeGuidanceLogitsProcessor(4.5)(torch.empty(4, 1), rows.clone())
    chosen = Sampler(Sampling(temperature=0, guidance_scale=4.5), [0], True, CPU)(rows)
    assert torch.equal(chosen.flatten(), guided.argmax(-1))
    assert not torch.equal(chosen.flatten(), rows[:4].argmax(-1)), "the control: guidance changes the choice"


def test_the_same_seed_draws_the_same_and_another_draws_otherwise() -> None:
    rows = scores(64)

    def drawn(seed: int) -> torch.Tensor:
        return Sampler(Sampling(), [seed], False, CPU)(rows)

    assert torch.equal(drawn(5), drawn(5))
    assert not torch.equal(drawn(5), drawn(6))


def test_a_piece_does_not_depend_on_its_neighbours() -> None:
    rows = scores(32)
    together = Sampler(Sampling(), [5, 6], False, CPU)(torch.cat([rows, rows]))
    for row, seed in zip(together, (5, 6), strict=True):
        assert torch.equal(row, Sampler(Sampling(), [seed], False, CPU)(rows)[0])
