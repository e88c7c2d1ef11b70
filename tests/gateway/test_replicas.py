"""The wait for a replica where the channel does not see the one that is ready."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.rpcs import FEATURES
from gateway.channels import open_channel, open_front
from gateway.patience import ABSENT_SECONDS, RESTART_SECONDS, START_SECONDS, Presence, patience
from gateway.recording import Recording
from gateway.replicas import Replicas
from gateway.service_call import Route
from tests.gateway.peers import EssentiaPeer, Heard, Peer, answers

NOT_SERVING = 2


@pytest.mark.parametrize(
    ("presence", "seconds"),
    [
        (Presence.NEVER_SEEN, ABSENT_SECONDS),
        (Presence.GONE, RESTART_SECONDS),
        (Presence.STARTING, START_SECONDS),
    ],
)
def test_a_wait_is_as_long_as_is_said_or_else_by_what_is_known(presence: Presence, seconds: float) -> None:
    assert patience(None, presence) == seconds
    assert patience(42.0, presence) == 42.0


async def told(replicas: Replicas, seconds: float = 20.0) -> list[evidence_pb2.Progress]:
    """Waits for a replica; gives what was told meanwhile."""
    return [progress async for progress in replicas.wait(seconds)]


async def test_a_channel_that_does_not_see_who_is_ready_is_replaced_and_its_calls_go_on(tmp_path: Path) -> None:
    old, new = EssentiaPeer(), EssentiaPeer()
    release = asyncio.Event()

    async def waits(peer: Peer, heard: Heard, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        peer.reached.set()
        await release.wait()
        async for response in answers(peer, heard, requests, context):
            yield response

    old.script = [waits]
    await old.start()
    await new.start()
    targets = iter([old.target, new.target])
    replicas = Replicas(
        "essentia",
        "there",
        lambda: open_channel(next(targets), None, 1 << 20),
        lambda: open_front(new.target, None),
    )
    path = tmp_path / "recording"
    path.write_bytes(b"song")
    recording = Recording(path, 4, hashlib.sha256(b"song").digest(), audio_pb2.AudioFormat())

    async def call() -> list[Any]:
        route = Route(replicas).call(FEATURES, essentia_pb2.AnalysisConfig(), recording, 20.0)
        return [event async for event in route]

    under_way = asyncio.create_task(call())
    await old.reached.wait()
    await old.health.set("readiness", NOT_SERVING)
    while replicas.channel.get_state().name == "READY":
        await asyncio.sleep(0.01)
    assert [progress.step for progress in await told(replicas)] == ["waiting for a replica"]
    assert (await call())[-1].HasField("source")
    assert (len(old.heard), len(new.heard)) == (1, 1)
    release.set()
    assert (await under_way)[-1].HasField("source")
    await replicas.close()
    await old.server.stop(None)
    await new.server.stop(None)
