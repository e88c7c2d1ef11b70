"""Chooses tokens: guidance, temperature, top-k, top-p, and a generator of its own for each piece."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers.generation.logits_process import (
    LogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from chassis.audio.finite import check_finite
from services.generation.contract import Sampling


class Sampler:
    """Draws each piece's tokens from its own seeded generator: a piece does not depend on its neighbours' draws.

    Args:
        sampling: How tokens are chosen.
        seeds: One for each piece.
        guided: Whether the scores of a second half, without the prompt, come after those of the pieces.
        device: Where the scores are.
    """

    def __init__(self, sampling: Sampling, seeds: Sequence[int], guided: bool, device: torch.device) -> None:
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]
        self._guidance = sampling.guidance_scale if guided else None
        self._greedy = sampling.temperature == 0
        self._warpers: list[LogitsProcessor] = []
        if not self._greedy and sampling.temperature != 1:
            self._warpers.append(TemperatureLogitsWarper(sampling.temperature))
        if sampling.top_k:
            self._warpers.append(TopKLogitsWarper(sampling.top_k))
        if sampling.top_p < 1:
            self._warpers.append(TopPLogitsWarper(sampling.top_p))

    def __call__(self, scores: torch.Tensor) -> torch.Tensor:
        """Chooses one token for each row.

        Args:
            scores: Logits of one step, ``(pieces * codebooks, tokens)``, twice as many rows where guided.

        Returns:
            int64, ``(pieces, codebooks)``.
        """
        scores = scores.float()
        if self._guidance is not None:
            # Classifier-free guidance (Ho and Salimans 2022): from the scores without the prompt, beyond those with it.
            with_prompt, without = scores.chunk(2)
            scores = without + (with_prompt - without) * self._guidance
        pieces = len(self._generators)
        if self._greedy:
            return scores.argmax(-1).view(pieces, -1)
        nothing = torch.empty(0, dtype=torch.long)
        for warper in self._warpers:
            scores = warper(nothing, scores)
        shares = torch.softmax(scores, -1).view(pieces, -1, scores.shape[-1])
        pairs = zip(shares, self._generators, strict=True)
        try:
            drawn = [torch.multinomial(share, 1, generator=each) for share, each in pairs]
        except RuntimeError as error:
            check_finite(shares.cpu().numpy(), "the next token")
            raise error
        return torch.stack(drawn)[..., 0]
