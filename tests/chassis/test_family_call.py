"""What a call gives back when it is left: its place, its upload and its streams, whatever goes wrong meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from antiphon.speech.v1 import speech_service_pb2 as pb
from chassis.family.call import Call
from chassis.family.family import Family, Live
from chassis.family.host import FamilyHost
from chassis.server import ServerSettings, WorkerSettings
from chassis.worker import LiveJob

NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name
EMPTY_MANIFEST = Path(__file__).parent / "empty_models.toml"


class ScriptedStream:
    """A live stream that yields one event, and takes until it is cancelled to close."""

    dropped = 0

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        await asyncio.Event().wait()

    async def events(self) -> AsyncIterator[str]:
        yield "a word"

    async def feed(self, data: bytes, last: bool = False) -> None:
        """Drops the audio."""

    async def fail(self, error: Exception) -> None:
        """Drops the error."""


@pytest.fixture
def host(tmp_path: Path) -> FamilyHost:
    family = Family("speech", "nowhere:Jobs", None, EMPTY_MANIFEST, Live(1, 1, 60.0))
    return FamilyHost(family, ServerSettings(spool_dir=tmp_path), WorkerSettings(models=tmp_path))


async def requests() -> AsyncIterator[pb.StreamingRecognizeRequest]:
    yield pb.StreamingRecognizeRequest(config=pb.StreamingRecognitionConfig())


async def test_a_call_that_is_cancelled_again_while_it_closes_gives_its_place_back(
    host: FamilyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = ScriptedStream()

    async def open_scripted(_: LiveJob) -> Any:
        return stream

    monkeypatch.setattr(host.live, "open", open_scripted)

    async def leave_early() -> None:
        async with Call(host, requests(), NAME, live=True) as call:
            async for event in call.run_live("listen", ""):
                if event == "a word":
                    break

    task = asyncio.create_task(leave_early())
    await stream.closing.wait()
    assert host.live.admitted == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert host.live.admitted == 0


async def test_a_stream_that_fails_to_close_keeps_neither_the_place_nor_the_other_streams(host: FamilyHost) -> None:
    ended: list[str] = []

    async def unruly() -> AsyncIterator[str]:
        try:
            yield "begun"
        finally:
            ended.append("unruly")
            raise OSError("the stream broke while it was closed")

    async def tidy() -> AsyncIterator[str]:
        try:
            yield "begun"
        finally:
            ended.append("tidy")

    with pytest.raises(OSError, match="while it was closed"):
        async with Call(host, requests(), NAME) as call:
            for stream in (tidy(), unruly()):
                # As run and answer do it, which would need a worker.
                await anext(call._opened(stream))  # type: ignore[arg-type]
    assert ended == ["unruly", "tidy"]
    assert host.pool.admitted == 0
