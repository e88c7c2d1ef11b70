"""The gateway before services none of whose replicas is ready: how long it waits, and what it tells meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from grpc_health.v1 import health_pb2
from prometheus_client import REGISTRY

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.evidence.v1 import evidence_pb2
from gateway import metrics
from gateway.patience import ABSENT_SECONDS
from tests.gateway.conftest import Answer, Gateway, Peers, error_of
from tests.gateway.peers import EssentiaPeer, Peer, answers, dies
from tests.gateway.proxy import Proxy

SUCCEEDED = record_pb2.STAGE_STATE_SUCCEEDED
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
# Longer than a service is waited for that never was there, so that this is not what was waited.
LONGER = ABSENT_SECONDS + 0.5


async def later(act: Callable[[], Awaitable[Any]]) -> None:
    """Does something after a while."""
    await asyncio.sleep(LONGER)
    await act()


def said(answer: Answer, stage: str) -> list[tuple[int, str]]:
    """Lists what was told of a stage that did not compute."""
    phase = evidence_pb2.Progress.PHASE_QUEUED
    told = [event.progress for event in answer.of("progress") if event.stage == stage]
    return [(progress.phase, progress.step) for progress in told if progress.phase == phase]


def shown(name: str, **labels: str) -> float:
    """What the metrics page says; 0 for what it does not show yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


WAITED = [(evidence_pb2.Progress.PHASE_QUEUED, "waiting for a replica")]


async def test_a_service_that_never_was_there_fails_fast_and_says_what_to_do(
    start_gateway: Callable[..., Any], peers: Peers, caplog: pytest.LogCaptureFixture
) -> None:
    gateway: Gateway = await start_gateway(speech_target="127.0.0.1:1")
    started = time.monotonic()
    answer = await gateway.analyze()
    error = error_of(answer, "speech")
    assert (error.code, error.reason) == ("UNAVAILABLE", "SERVICE_UNREACHABLE")
    # Where it should be is for the operator, not for the caller.
    assert b"127.0.0.1" not in answer.report("speech").error.SerializeToString()
    assert "speech was not ready at 127.0.0.1:1 " in caplog.text
    assert "GATEWAY_SPEECH_TARGET" in error.message
    assert answer.report("speech").attempt_count == 1
    assert said(answer, "speech") == WAITED
    assert time.monotonic() - started < 8.0
    assert answer.report("separation").state == answer.report("essentia").state == SUCCEEDED


async def test_a_service_that_is_there_and_not_ready_is_waited_for_and_the_caller_told(
    gateway: Gateway, peers: Peers
) -> None:
    await peers.essentia.health.set("readiness", NOT_SERVING)
    starting = asyncio.create_task(later(lambda: peers.essentia.health.set("readiness", SERVING)))
    answer = await gateway.analyze(stages=["essentia"])
    assert (answer.report("essentia").state, answer.report("essentia").attempt_count) == (SUCCEEDED, 1)
    assert said(answer, "essentia") == WAITED
    assert len(peers.essentia.heard) == 1
    await starting


async def test_a_service_that_is_ready_is_not_waited_for(gateway: Gateway, peers: Peers) -> None:
    assert said(await gateway.analyze(stages=["essentia"]), "essentia") == []


async def test_a_replica_that_is_not_ready_is_asked_nothing_while_another_is(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    other = EssentiaPeer()
    await other.start()
    gateway: Gateway = await start_gateway(essentia_target=f"ipv4:{peers.essentia.target},{other.target}")
    while not (peers.essentia.heard and other.heard):  # both are known to it
        await gateway.analyze(stages=["essentia"])
    await other.health.set("readiness", NOT_SERVING)
    heard = len(other.heard)
    for _ in range(4):
        assert (await gateway.analyze(stages=["essentia"])).report("essentia").state == SUCCEEDED
    # The first may have been sent before the word of it was there.
    assert len(other.heard) - heard <= 1
    await other.server.stop(None)


async def test_a_stage_that_waits_for_a_replica_is_shown_as_open_until_it_ends(gateway: Gateway, peers: Peers) -> None:
    before = shown("antiphon_stage_open", service="essentia")
    await peers.essentia.health.set("readiness", NOT_SERVING)
    analysis = asyncio.create_task(gateway.analyze(stages=["essentia"]))
    async with asyncio.timeout(10):
        while shown("antiphon_stage_open", service="essentia") != before + 1:
            await asyncio.sleep(0.01)
    assert not peers.essentia.heard
    await peers.essentia.health.set("readiness", SERVING)
    await analysis
    assert shown("antiphon_stage_open", service="essentia") == before


async def test_a_stage_whose_caller_leaves_is_open_no_more(gateway: Gateway, peers: Peers) -> None:
    before = shown("antiphon_stage_open", service="essentia")
    await peers.essentia.health.set("readiness", NOT_SERVING)
    analysis = asyncio.create_task(gateway.analyze(stages=["essentia"]))
    for open_then in (before + 1, before):
        async with asyncio.timeout(10):
            while shown("antiphon_stage_open", service="essentia") != open_then:
                await asyncio.sleep(0.01)
        analysis.cancel()
    with pytest.raises(asyncio.CancelledError):
        await analysis


@pytest.mark.parametrize(
    ("reason", "shown_as"), [("QUEUE_FULL", "QUEUE_FULL"), ("no reason of ours", "OTHERS"), ("X" * 65, "OTHERS")]
)
def test_a_refusal_is_counted_by_its_reason(reason: str, shown_as: str) -> None:
    before = shown("antiphon_stage_refused_total", service="essentia", reason=shown_as)
    metrics.stage_refused("essentia", reason)
    assert shown("antiphon_stage_refused_total", service="essentia", reason=shown_as) == before + 1


async def test_a_service_is_given_up_as_soon_as_it_should_have_started(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    gateway: Gateway = await start_gateway(essentia_start_seconds=0.4)
    await peers.essentia.health.set("readiness", NOT_SERVING)
    error = error_of(await gateway.analyze(stages=["essentia"]), "essentia")
    assert (error.reason, error.metadata["seconds"]) == ("SERVICE_UNREACHABLE", "0.4")
    assert shown("antiphon_stage_refused_total", service="essentia", reason="SERVICE_UNREACHABLE") >= 1


async def test_a_service_that_never_was_there_is_waited_for_as_long_as_it_is_said_to_start(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    proxy = Proxy(peers.essentia.target)
    target = await proxy.start()
    await proxy.stop()
    gateway: Gateway = await start_gateway(essentia_target=target, essentia_start_seconds=15.0)
    starting = asyncio.create_task(later(proxy.start))
    report = (await gateway.analyze(stages=["essentia"])).report("essentia")
    assert (report.state, report.attempt_count) == (SUCCEEDED, 1)
    await starting
    await proxy.stop()


async def test_a_service_that_is_lost_is_waited_for_as_long_as_it_starts(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    proxy = Proxy(peers.essentia.target)
    restarts: list[asyncio.Task[None]] = []

    async def kill(_: Peer) -> None:
        await proxy.stop()
        restarts.append(asyncio.create_task(later(proxy.start)))

    peers.essentia.script = [dies(kill, after_responses=2), answers]
    gateway: Gateway = await start_gateway(essentia_target=await proxy.start())
    answer = await gateway.analyze(stages=["essentia"])
    report = answer.report("essentia")
    assert (report.state, report.attempt_count) == (SUCCEEDED, 2)
    assert report.elapsed.ToNanoseconds() >= LONGER * 1e9
    assert said(answer, "essentia") == WAITED
    await asyncio.gather(*restarts)
    await proxy.stop()


async def test_a_service_that_starts_again_between_two_analyses_is_waited_for_by_the_next(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    proxy = Proxy(peers.essentia.target)
    gateway: Gateway = await start_gateway(essentia_target=await proxy.start())
    assert (await gateway.analyze(stages=["essentia"])).report("essentia").state == SUCCEEDED
    await proxy.stop()
    restarting = asyncio.create_task(later(proxy.start))
    report = (await gateway.analyze(stages=["essentia"])).report("essentia")
    assert (report.state, report.attempt_count) == (SUCCEEDED, 1)
    await restarting
    await proxy.stop()


async def test_a_service_is_not_waited_for_beyond_the_stages_time_and_is_named_then(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    proxy = Proxy(peers.essentia.target)

    async def kill(_: Peer) -> None:
        await proxy.stop()

    peers.essentia.script = [dies(kill, after_responses=2)]
    gateway: Gateway = await start_gateway(
        essentia_target=await proxy.start(), essentia_seconds=1.5, essentia_start_seconds=60.0
    )
    started = time.monotonic()
    answer = await gateway.analyze(stages=["essentia"])
    assert error_of(answer, "essentia").reason == "SERVICE_UNREACHABLE"
    assert time.monotonic() - started < 8.0
