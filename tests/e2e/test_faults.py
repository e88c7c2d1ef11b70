"""Faults while a real analysis runs: killed workers and services, callers who leave; nothing hangs, nothing lies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis
from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from tests.e2e.conftest import SERVICES, STUBS, Stack
from tests.e2e.test_bad_input import proper
from tests.fixtures import recordings

pytestmark = pytest.mark.e2e
FAMILIES = ("separation", "speech", "essentia", "llm_audio")
SECONDS = 60.0
# By a language model: prose by rule is there before anything can be hit.
PROSE = llm_audio_pb2.DescriptionConfig(
    engine="text-gguf",
    facts_json='{"tempo": 120, "key": "A major"}',
    prompts=[llm_audio_pb2.Prompt(name=name) for name in ("full", "technical", "genre_mood", "structure", "analyze")],
)


@pytest.fixture(scope="module")
def upload() -> bytes:
    """A minute of chords with a beat: long enough that every stage is still at work when it is hit."""
    rate = recordings.SAMPLE_RATE
    time_ = np.arange(int(SECONDS * rate)) / rate
    chord = sum(np.sin(2 * np.pi * pitch * time_) for pitch in (220.0, 277.18, 329.63)) / 6
    beat = np.random.default_rng(1).standard_normal(time_.size) * np.exp(-20 * (time_ % 0.5)) / 4
    return recordings.wav(np.stack([chord + beat, chord - beat]).astype(np.float32))


def requests(data: bytes, **config: Any) -> list[analysis.AnalyzeRequest]:
    # Voice activity detection would skip music at once; with it off, speech has work to do.
    config.setdefault("speech", speech_pb2.TranscriptionConfig(voice_activity_detection=False))
    # Facts of its own, for llm_audio alone, and questions that keep it busy.
    config.setdefault("llm_audio", PROSE)
    settings = analysis.AnalysisConfig(**config)
    return proper(analysis.AnalyzeRequest(config=settings), analysis.AnalyzeRequest, data)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def service_pid(stack: Stack, service: str) -> int:
    document = json.loads(stack.antiphon("status", "--json").stdout)
    return next(each["pid"] for each in document["services"] if each["name"] == service)


def workers(pid: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(pid).children():
        try:
            if "chassis.worker.child" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """What those of them that still live have used; one that was killed computes nothing more."""
    total = 0.0
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(each.cpu_times()[:2])
    return total


def restarts(stack: Stack, service: str) -> int:
    document = json.loads(stack.antiphon("status", "--json").stdout)
    return next(each["restarts"] for each in document["services"] if each["name"] == service)


def computing(event: analysis.AnalyzeResponse, stage: str) -> bool:
    return (
        event.WhichOneof("event") == "progress"
        and event.progress.stage == stage
        and event.progress.progress.phase == evidence_pb2.Progress.PHASE_COMPUTING
    )


async def analyze_and(
    stack: Stack, data: bytes, stage: str, act: Callable[[], None], **config: Any
) -> record_pb2.AnalysisRecord:
    """Runs an analysis and acts once when ``stage`` computes; returns the record."""
    acted = False
    async with stack.channel("gateway") as channel:
        events: AsyncIterator[Any] = keep_status(STUBS["gateway"](channel)(iter(requests(data, **config)), timeout=240))
        async for event in events:
            if not acted and computing(event, stage):
                acted = True
                act()
            if event.WhichOneof("event") == "record":
                assert acted, f"{stage} never reported that it computes"
                return event.record
    raise AssertionError("the stream ended without a record")


def report(record: record_pb2.AnalysisRecord, stage: str) -> record_pb2.StageReport:
    return next(each for each in record.stage_reports if each.stage == stage)


@pytest.mark.parametrize("stage", FAMILIES)
async def test_kill_9_of_a_worker_is_retried_and_says_so(stack: Stack, upload: bytes, stage: str) -> None:
    pid = service_pid(stack, stage)

    def kill() -> None:
        # All of them: a service may keep others at hand, for live streams, and those do not compute now.
        for each in workers(pid):
            each.kill()

    record = await analyze_and(stack, upload, stage, kill, stages=[stage])
    outcome = report(record, stage)
    assert outcome.state == record_pb2.STAGE_STATE_SUCCEEDED
    assert outcome.attempt_count == 2
    assert record.HasField(stage)
    shown = stack.antiphon("status")
    assert shown.returncode == 0
    assert f"{stage}: the worker ended with exit code -9" in shown.stdout
    if stage == "speech":
        assert "speech: the live worker ended with exit code -9" in shown.stdout


async def test_kill_9_of_a_service_leaves_an_honest_record_and_the_service_comes_back(
    stack: Stack, upload: bytes
) -> None:
    pid, before = service_pid(stack, "essentia"), restarts(stack, "essentia")
    record = await analyze_and(stack, upload, "essentia", lambda: os.kill(pid, signal.SIGKILL))
    outcome = report(record, "essentia")
    if outcome.state == record_pb2.STAGE_STATE_SUCCEEDED:
        assert outcome.attempt_count == 2
    else:
        assert outcome.state == record_pb2.STAGE_STATE_FAILED
        assert status.from_status(outcome.error).code == "UNAVAILABLE"
        assert not record.HasField("essentia")
    for other in ("separation", "speech"):
        assert report(record, other).state == record_pb2.STAGE_STATE_SUCCEEDED
    await until(lambda: stack.antiphon("status").returncode == 0)
    assert restarts(stack, "essentia") == before + 1
    assert not psutil.pid_exists(pid)


async def test_a_killed_service_takes_its_worker_along(stack: Stack) -> None:
    pid = service_pid(stack, "speech")
    before = workers(pid)
    assert before
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in before))
    await until(lambda: stack.antiphon("status").returncode == 0)


@pytest.mark.parametrize("stage", FAMILIES)
async def test_a_caller_who_leaves_stops_the_compute(stack: Stack, upload: bytes, stage: str) -> None:
    await until(lambda: stack.antiphon("status").returncode == 0)
    before = workers(service_pid(stack, stage))
    assert before
    async with stack.channel("gateway") as channel:
        call = STUBS["gateway"](channel)(iter(requests(upload, stages=[stage])), timeout=240)
        async for event in call:
            if computing(event, stage):
                break
        call.cancel()
    # 250 ms of grace, then the kill; the rest is for the cancel to travel and for busy neighbours.
    await asyncio.sleep(0.25 + 0.35)
    spent = cpu_seconds(before)
    await asyncio.sleep(0.4)
    assert cpu_seconds(before) - spent < 0.1
    await until(lambda: stack.antiphon("status").returncode == 0)


async def test_the_first_event_comes_within_a_second_of_the_first_chunk(stack: Stack, upload: bytes) -> None:
    async with stack.channel("gateway") as channel:
        await channel.channel_ready()
        started = time.monotonic()
        call = STUBS["gateway"](channel)(iter(requests(upload, stages=["essentia"])), timeout=240)
        event = await call.read()
        assert time.monotonic() - started < 1.0
        assert event.WhichOneof("event") == "stage_report"
        call.cancel()


@pytest.mark.parametrize("stage", FAMILIES)
async def test_health_answers_within_50_ms_during_inference(stack: Stack, upload: bytes, stage: str) -> None:
    times: list[float] = []
    async with stack.channel("gateway") as channel, stack.channel(stage) as own:
        stub = health_pb2_grpc.HealthStub(own)
        await stub.Check(health_pb2.HealthCheckRequest())
        call = STUBS["gateway"](channel)(iter(requests(upload, stages=[stage])), timeout=240)
        async for event in call:
            if computing(event, stage):
                break
        for _ in range(21):
            started = time.monotonic()
            answer = await stub.Check(health_pb2.HealthCheckRequest(service="liveness"))
            times.append(time.monotonic() - started)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            await asyncio.sleep(0.02)
        call.cancel()
    # The median: on a shared machine any one turn may go to a neighbour.
    assert sorted(times)[len(times) // 2] < 0.05
    await until(lambda: stack.antiphon("status").returncode == 0)


@pytest.mark.parametrize("service", SERVICES)
async def test_reflection_lists_every_service(stack: Stack, service: str) -> None:
    package = "analysis" if service == "gateway" else service
    name = f"antiphon.{package}.v1.{package.title().replace('_', '')}Service"
    async with stack.channel(service) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in stub.ServerReflectionInfo(iter([request])):
            found = {each.name for each in answer.list_services_response.service}
            break
    assert {name, "grpc.health.v1.Health"} <= found


@pytest.mark.parametrize("stage", FAMILIES)
async def test_a_deadline_ends_a_call_and_the_next_one_is_served(stack: Stack, upload: bytes, stage: str) -> None:
    from tests.e2e.test_bad_input import EVERYWHERE, GOOD

    make, make_config = EVERYWHERE[stage]
    # Voice activity detection would be done with music before the deadline.
    own: dict[str, dict[str, Any]] = {
        "speech": {"voice_activity_detection": False},
        "llm_audio": {"engine": PROSE.engine, "facts_json": PROSE.facts_json, "prompts": PROSE.prompts},
    }
    slow = own.get(stage, {})
    quick = {"facts_json": PROSE.facts_json} if stage == "llm_audio" else {}
    async with stack.channel(stage) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            messages = proper(make(config=make_config(**slow)), make, upload)
            async for _ in keep_status(STUBS[stage](channel)(iter(messages), timeout=0.7)):
                pass
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        answers = []
        messages = proper(make(config=make_config(audio_format=audio_pb2.AudioFormat(), **quick)), make, GOOD)
        async for answer in STUBS[stage](channel)(iter(messages), timeout=120):
            answers.append(answer)
    assert answers[-1].WhichOneof("event") == "summary"


def test_nothing_stays_in_the_spool(stack: Stack) -> None:
    spool = Path(stack.environment["ANTIPHON_SPOOL_DIR"])
    deadline = time.monotonic() + 10
    while (left := [path for path in spool.rglob("*") if path.is_file()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
