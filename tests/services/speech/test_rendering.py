"""Renderings that callers ask for: large ones beside the service, a bounded number, and an end to each."""

from __future__ import annotations

import asyncio

import psutil
import pytest

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from services.speech.rendering.places import AT_ONCE, MAX_HELD, SMALL_BYTES, Renderings


def request(words: int, form: str = "elrc") -> pb.RenderTranscriptRequest:
    """A transcript of one segment with so many words, each a second after the last."""
    asked = pb.RenderTranscriptRequest(format=renderers.FORMATS[form].number)
    segment = asked.transcript.segments.add(text=" ".join(f"word{at}" for at in range(words)))
    segment.start_offset.seconds, segment.end_offset.seconds = 0, words
    for at in range(words):
        word = segment.words.add(text=f"word{at}")
        word.start_offset.seconds, word.end_offset.seconds = at, at + 1
    return asked


def children() -> set[int]:
    """Processes under this one."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("words", [3, 3_000])
async def test_a_rendering_is_the_same_whether_it_is_made_here_or_in_a_process(words: int) -> None:
    asked = request(words)
    assert (asked.ByteSize() > SMALL_BYTES) == (words > 3)
    assert await Renderings().answer(asked) == renderers.answer(asked)


@pytest.mark.parametrize("words", [3, 3_000])
async def test_what_a_rendering_refuses_is_told_whether_it_is_made_here_or_in_a_process(words: int) -> None:
    asked = request(words)
    asked.max_line_characters = 1
    with pytest.raises(AntiphonError) as caught:
        await Renderings().answer(asked)
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "MAX_LINE_CHARACTERS")
    assert caught.value.field == "max_line_characters"


async def test_one_rendering_too_many_is_refused_and_later_ones_are_not() -> None:
    renderings = Renderings()
    tasks = [asyncio.create_task(renderings.answer(request(3_000))) for _ in range(MAX_HELD)]
    await asyncio.sleep(0)
    with pytest.raises(AntiphonError) as caught:
        await renderings.answer(request(3))
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
    assert caught.value.retry_after_seconds is not None
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await renderings.answer(request(3))).text


async def test_who_is_refused_is_told_how_long_renderings_took_lately() -> None:
    renderings = Renderings()
    renderings._places.learn(40.0)
    tasks = [asyncio.create_task(renderings.answer(request(3_000))) for _ in range(MAX_HELD)]
    await asyncio.sleep(0)
    with pytest.raises(AntiphonError) as caught:
        await renderings.answer(request(3))
    # What is held has only just begun.
    assert caught.value.retry_after_seconds == pytest.approx(40.0, abs=5.0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert renderings._places.usual_seconds == 40.0, "those that were left measure nothing"
    await renderings.answer(request(3))
    assert renderings._places.usual_seconds < 40.0


async def test_a_rendering_whose_caller_leaves_is_ended() -> None:
    renderings, before = Renderings(), children()
    tasks = [asyncio.create_task(renderings.answer(request(30_000))) for _ in range(AT_ONCE + 2)]
    async with asyncio.timeout(60):
        while len(children() - before) < AT_ONCE:
            await asyncio.sleep(0.01)
    assert len(children() - before) == AT_ONCE
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not children() - before
    assert all(task.cancelled() for task in tasks)
