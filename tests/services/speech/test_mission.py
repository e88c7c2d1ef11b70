"""The mission"s models of this family are pulled by one word, from a hub on loopback with tiny ones, and answer."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.mission import answer_by_name


async def test_the_mission_is_pulled_by_one_word_and_a_model_of_each_engine_answers(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    answered = await answer_by_name("speech", tmp_path, unused_tcp_port)
    assert answered == ["faster-whisper"]
