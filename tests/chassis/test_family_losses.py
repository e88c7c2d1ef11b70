"""An input that ends workers is refused after the second, by real workers that die."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from chassis.family.call import Call
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.family.losses import MAX_INPUTS, REFUSED_SECONDS, Losses
from chassis.server import ServerSettings, WorkerSettings

NAME = pb.DESCRIPTOR.services_by_name["SpeechService"].full_name
EMPTY_MANIFEST = Path(__file__).parent / "empty_models.toml"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[FamilyHost]:
    """A service whose jobs die when they are told to."""
    family = Family("speech", "tests.chassis.jobs:Jobs", None, EMPTY_MANIFEST)
    each = FamilyHost(family, ServerSettings(spool_dir=tmp_path), WorkerSettings(models=tmp_path))
    each.start()
    yield each
    await each.close()


async def upload(data: bytes) -> AsyncIterator[pb.TranscribeRequest]:
    yield pb.TranscribeRequest(config=pb.TranscriptionConfig())
    yield pb.TranscribeRequest(chunk=audio_pb2.AudioChunk(data=data, last=True))


async def end_of(host: FamilyHost, data: bytes, verb: str = "die") -> str:
    """Has a worker do something with an upload; gives the code and the reason of how it ended."""
    request: Any = 1 if verb == "count" else ""
    try:
        async with Call(host, upload(data), NAME) as call:
            async for _ in call.run(verb, request):
                pass
    except AntiphonError as error:
        return f"{error.code} {error.reason}"
    return "OK"


LOST = "UNAVAILABLE WORKER_LOST"
REFUSED = "FAILED_PRECONDITION INPUT_KILLS_WORKER"


async def test_an_input_that_ended_two_workers_is_refused_and_others_are_served(host: FamilyHost) -> None:
    assert [await end_of(host, b"a killer") for _ in range(4)] == [LOST, LOST, REFUSED, REFUSED]
    assert await end_of(host, b"a killer", "count") == REFUSED
    assert await end_of(host, b"a song", "count") == "OK"
    assert host.pool.restarts == 2
    assert host.pool.admitted == 0


async def test_an_input_that_a_worker_came_through_has_no_losses(host: FamilyHost) -> None:
    ends = [await end_of(host, b"a song", verb) for verb in ("die", "count", "die", "count")]
    assert ends == [LOST, "OK", LOST, "OK"]


def test_an_input_is_refused_for_an_hour_and_then_has_two_losses_again() -> None:
    now = 1000.0
    losses = Losses(lambda: now)
    for _ in range(2):
        losses.refuse(b"x")
        losses.lost(b"x")
    now += REFUSED_SECONDS - 1
    with pytest.raises(AntiphonError, match="INPUT_KILLS_WORKER") as caught:
        losses.refuse(b"x")
    assert caught.value.metadata == {"losses": "2", "seconds": "1"}
    now += 1
    losses.refuse(b"x")
    losses.lost(b"x")
    losses.refuse(b"x")


def refuses(losses: Losses, sha256: bytes) -> bool:
    """Whether an input is refused."""
    try:
        losses.refuse(sha256)
    except AntiphonError as error:
        return error.reason == "INPUT_KILLS_WORKER"
    return False


def test_two_losses_more_than_an_hour_apart_are_chance() -> None:
    now = 0.0
    losses = Losses(lambda: now)
    losses.lost(b"x")
    now += REFUSED_SECONDS
    losses.lost(b"x")
    assert not refuses(losses, b"x")
    losses.lost(b"x")
    assert refuses(losses, b"x"), "the second loss of this hour"


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    losses = Losses()
    for number in range(MAX_INPUTS + 1):
        for _ in range(2):
            losses.lost(hashlib.sha256(str(number).encode()).digest())
    losses.refuse(hashlib.sha256(b"0").digest())
    with pytest.raises(AntiphonError, match="INPUT_KILLS_WORKER"):
        losses.refuse(hashlib.sha256(b"1").digest())


def test_a_call_without_audio_is_never_refused() -> None:
    losses = Losses()
    for _ in range(3):
        losses.lost(b"")
    assert not refuses(losses, b"")
