"""The delay pattern, against the one of transformers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from services.generation.engines.musicgen.delay import DelayedCodes

START = 99


@pytest.mark.parametrize(("kind", "channels"), [("mono", 1), ("stereo", 2)])
@pytest.mark.parametrize("prompt_frames", [0, 1, 5])
def test_the_columns_are_those_of_transformers(load: Any, kind: str, channels: int, prompt_frames: int) -> None:
    codebooks, new, pieces = 4 * channels, 7, 2
    whole = torch.arange(pieces * codebooks * (prompt_frames + new)).view(pieces, codebooks, -1) % 61
    given = torch.cat([torch.full((pieces, codebooks, 1), START), whole[..., :prompt_frames]], -1).flatten(0, 1)
    length = 1 + prompt_frames + new + 3
    first, pattern = load(kind)._model.decoder.build_delay_pattern_mask(given, START, length)
    codes = DelayedCodes(whole[..., :prompt_frames], new, channels, START)
    columns = [codes.first()]
    assert torch.equal(columns[0].flatten(0, 1), first)
    delays = torch.arange(codebooks) // channels
    for column in range(1 + prompt_frames, length):
        frames = (column - 1 - delays).clamp(0, prompt_frames + new - 1)
        columns.append(codes.add(whole[:, torch.arange(codebooks), frames]))
    assert codes.step_count == len(columns) - 1
    expected = torch.where(pattern == -1, torch.cat(columns, -1).flatten(0, 1), pattern)
    assert torch.equal(torch.cat(columns, -1).flatten(0, 1), expected)
    assert torch.equal(codes.codes, whole)


def test_a_frame_is_whole_when_its_last_codebook_has_come() -> None:
    codes = DelayedCodes(torch.zeros(1, 4, 0, dtype=torch.long), 3, 1, START)
    seen = []
    for _ in range(codes.step_count):
        codes.add(torch.ones(1, 4, dtype=torch.long))
        seen.append(codes.whole)
    assert seen == [0, 0, 0, 1, 2, 3]


def test_draws_for_places_of_the_prompt_are_dropped() -> None:
    prompt = torch.arange(8).view(1, 4, 2)
    codes = DelayedCodes(prompt, 2, 1, START)
    for _ in range(codes.step_count):
        codes.add(torch.full((1, 4), 50))
    assert torch.equal(codes.codes[..., :2], prompt)
    assert (codes.codes[..., 2:] == 50).all()
