"""A caller who leaves in the middle: the job is cancelled first, and only then is its place free for somebody else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from chassis.admission import Ticket
from chassis.family.host import FamilyHost
from chassis.server import ServerSettings, WorkerSettings
from services.speech import service
from services.speech.contract import AlignedLine, Segment
from services.speech.live.contract import Position, Reached
from services.speech.settings import SpeechSettings

CHUNK = audio_pb2.AudioChunk(data=bytes(3200), byte_offset=0, last=True)
LYRICS = pb.AlignmentConfig(lyrics="la la la")


class ScriptedJobs:
    """Stands in for the workers: every job yields one event again and again, and notes when it is cancelled."""

    def __init__(self, event: object, happened: list[str]) -> None:
        self._event = event
        self._happened = happened

    async def run(self, job: object) -> AsyncGenerator[object, None]:
        """Works on a recording."""
        try:
            while True:
                yield self._event
        finally:
            self._happened.append("cancelled")

    async def open(self, job: object) -> ScriptedStream:
        """Opens a live stream."""
        return ScriptedStream(self.run(job))


class ScriptedStream:
    """A live stream of a scripted job."""

    dropped = 0

    def __init__(self, events: AsyncGenerator[object, None]) -> None:
        self._events = events

    async def __aenter__(self) -> ScriptedStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def feed(self, data: bytes, last: bool = False) -> None:
        """Takes no notice of the audio."""

    def events(self) -> AsyncGenerator[object, None]:
        """What the job yields."""
        return self._events


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[FamilyHost]:
    """The speech service's host, of which no worker is started."""
    family = service.family(SpeechSettings(device="cpu", live_streams=1))
    made = FamilyHost(family, ServerSettings(spool_dir=tmp_path), WorkerSettings(models=tmp_path / "models"))
    yield made
    made.spool.close()


def scripted(host: FamilyHost, event: object, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Puts a scripted job into both pools; gives the list of what happens to it and to its place, in order."""
    happened: list[str] = []

    async def placed() -> AsyncIterator[Ticket]:
        yield Ticket(lambda: happened.append("place free"))

    jobs = ScriptedJobs(event, happened)
    monkeypatch.setattr(host.pool, "run", jobs.run)
    monkeypatch.setattr(host.live, "open", jobs.open)
    for pool in (host.pool, host.live):
        monkeypatch.setattr(pool, "admit", lambda *_: Ticket(lambda: happened.append("place free")))
    monkeypatch.setattr(host.pool, "places", placed)
    monkeypatch.setattr(host, "require", lambda *_: None)  # the scripted job needs no model
    return happened


@pytest.mark.parametrize(
    ("method", "requests", "event", "field"),
    [
        (
            "Transcribe",
            [pb.TranscribeRequest(config=pb.TranscriptionConfig()), pb.TranscribeRequest(chunk=CHUNK)],
            Segment(0.0, 1.0, "la"),
            "segment",
        ),
        (
            "AlignLyrics",
            [pb.AlignLyricsRequest(config=LYRICS), pb.AlignLyricsRequest(chunk=CHUNK)],
            AlignedLine(1, "la la la"),
            "line",
        ),
        (
            "StreamingRecognize",
            [
                pb.StreamingRecognizeRequest(config=pb.StreamingRecognitionConfig()),
                pb.StreamingRecognizeRequest(chunk=CHUNK),
            ],
            Reached(Position(1.0, 0.0)),
            "position",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_job_of_a_caller_who_leaves_is_cancelled_before_its_place_is_free(
    host: FamilyHost,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    requests: list[Any],
    event: object,
    field: str,
) -> None:
    happened = scripted(host, event, monkeypatch)

    async def sent() -> AsyncIterator[Any]:
        for request in requests:
            yield request

    # Without the wrapper of every RPC, which needs a server round it; it too closes the answer where it is left.
    answer = getattr(service.Servicer, method).__wrapped__(service.Servicer(host), sent(), None)
    async for response in answer:
        if response.HasField(field):
            break
    assert happened == []
    await answer.aclose()
    assert happened == ["cancelled", "place free"]
