"""Chooses the next token, in the order in which llama.cpp's chain does: schema, penalty, top-k, top-p, temperature."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from chassis.audio.finite import check_finite
from services.llm_audio.contract import PENALTY_TOKENS, Sampling


class Sampler:
    """Draws one answer's tokens from a seeded generator of its own, on the CPU, so that no device changes the draw."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = torch.Generator().manual_seed(sampling.seed)

    def choose(self, scores: torch.Tensor, written: Sequence[int], allowed: torch.Tensor | None) -> int:
        """Chooses the next token.

        Args:
            scores: Logits (tokens,) of one place.
            written: Tokens of the answer so far; the last PENALTY_TOKENS of them are penalised.
            allowed: Bool (tokens,), what a schema allows; None for all.

        Raises:
            AntiphonError: MODEL_NOT_FINITE.
        """
        sampling = self._sampling
        scores = scores.float().cpu().clone()
        check_finite(scores.numpy(), "the next token")
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -torch.inf)
        if sampling.repeat_penalty and sampling.repeat_penalty != 1.0 and written:
            last = torch.tensor(sorted(set(written[-PENALTY_TOKENS:])))
            some = scores[last]
            scores[last] = torch.where(some > 0, some / sampling.repeat_penalty, some * sampling.repeat_penalty)
        if not sampling.do_sample:
            return int(scores.argmax())
        if sampling.top_k:
            scores = self._keep_best(scores, sampling.top_k)
        if sampling.top_p < 1.0:
            scores = self._keep_mass(scores, sampling.top_p)
        shares = torch.softmax(scores / sampling.temperature, -1)
        return int(torch.multinomial(shares, 1, generator=self._random))

    @staticmethod
    def _keep_best(scores: torch.Tensor, count: int) -> torch.Tensor:
        best = torch.topk(scores, min(count, scores.numel())).indices
        return torch.full_like(scores, -torch.inf).scatter(0, best, scores[best])

    @staticmethod
    def _keep_mass(scores: torch.Tensor, mass: float) -> torch.Tensor:
        """Keeps the fewest likeliest tokens that together have ``mass``; one at least."""
        ranked, order = torch.sort(torch.softmax(scores, -1), descending=True)
        before = torch.cumsum(ranked, 0) - ranked
        return scores.masked_fill(
            torch.empty_like(scores, dtype=torch.bool).scatter(0, order, before >= mass), -torch.inf
        )
