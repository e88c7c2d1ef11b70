"""How the tokens of 30 s are cut into lines, and how much audio is done with."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

pytest.importorskip("whisper", reason="openai-whisper is in the environment .venvs/speech-openai-whisper")

from services.speech.engines.openai_whisper.decoding import advance, cuts, ends_with_single_time

FIRST = 1000


@dataclass
class Tokens:
    """As much of a tokenizer as cutting needs."""

    timestamp_begin: int = FIRST


def at(seconds: float) -> int:
    """The time token of some seconds."""
    return FIRST + round(seconds / 0.02)


def lines(tokens: list[int], frames: int = 3000) -> list[tuple[float, float]]:
    return [(pytest.approx(cut.start), pytest.approx(cut.end)) for cut in cuts(tokens, Tokens(), frames)]  # type: ignore[misc]


def test_lines_lie_between_pairs_of_times() -> None:
    tokens = [at(0), 5, 6, at(2), at(2), 7, at(4), at(4)]
    assert lines(tokens) == [(0.0, 2.0), (2.0, 4.0)]
    assert advance(tokens, FIRST, 3000) == 400


def test_text_after_the_last_pair_is_heard_again() -> None:
    tokens = [at(0), 5, at(2), at(2), 7, 8]
    assert lines(tokens) == [(0.0, 2.0)]
    assert advance(tokens, FIRST, 3000) == 200


def test_a_single_time_at_the_end_means_that_nothing_follows() -> None:
    tokens = [at(0), 5, at(2), at(2), 7, 8, at(9)]
    assert ends_with_single_time(tokens, FIRST)
    assert lines(tokens) == [(0.0, 2.0), (2.0, 9.0)]
    assert advance(tokens, FIRST, 3000) == 3000


def test_without_a_pair_all_is_one_line() -> None:
    assert lines([at(0), 5, 6, at(7)]) == [(0.0, 7.0)]
    assert lines([at(0), 5, 6], frames=500) == [(0.0, 5.0)]
    assert advance([at(0), 5, 6], FIRST, 500) == 500
