"""Every field of every request of every process blown up: refused by name and cheaply, others answered meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import grpc
import psutil
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon.llm_audio.v1 import llm_audio_service_pb2
from antiphon.speech.v1 import speech_service_pb2
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from chassis import bounds
from tests.fixtures.blown_up import EXEMPT, MODULES, Attack, attacks, ways
from tests.fixtures.gateway_process import ROOT, environment, wait_until

GROWTH_BYTES = 32 << 20
HEALTH_SECONDS = 2.0
"""A limit against hanging: the answer takes a millisecond."""


class Fronts:
    """The fronts in a process of their own.

    Args:
        pid: The process.
        channel: The way to it.
    """

    def __init__(self, pid: int, channel: grpc.aio.Channel) -> None:
        self.pid = pid
        self._channel = channel

    def peak_bytes(self) -> int:
        """Most resident memory that the process ever had."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(next(line for line in text.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1024

    async def error(self, method: str, streaming: bool, data: bytes) -> AntiphonError:
        """Calls with these bytes; gives what refuses them."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            if streaming:
                async for _ in keep_status(self._channel.stream_stream(method)(iter([data]), timeout=60.0)):
                    pass
            else:
                await self._channel.unary_unary(method)(data, timeout=60.0)
        return status.from_status(status.from_rpc_error(caught.value))

    async def code(self, method: str, data: bytes, timeout: float) -> str:
        """Calls a unary RPC with these bytes; gives the name of the code that it ends with."""
        call = self._channel.unary_unary(method)(data, timeout=timeout)
        return str((await call.code()).name)

    async def stay_healthy(self, ended: asyncio.Event) -> int:
        """Asks for the health, again and again; gives how often, and fails where one answer takes HEALTH_SECONDS."""
        stub, count = health_pb2_grpc.HealthStub(self._channel), 0
        while not ended.is_set():
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=HEALTH_SECONDS)
            count += 1
            await asyncio.sleep(0.01)
        return count


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The fronts, started for one test: their process and their address."""
    port_file, log = tmp_path / "its.port", tmp_path / "log"
    command = [sys.executable, "-P", "-m", "tests.fixtures.fronts_process", str(port_file), str(tmp_path)]
    # As in the image: glibc keeps some megabytes in each arena, which is not what is measured.
    settings = environment(MALLOC_ARENA_MAX="2")
    with log.open("wb") as output:
        started = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: port_file.exists() or started.poll() is not None, 60.0)
        assert port_file.exists(), log.read_text()
        yield started.pid, f"127.0.0.1:{port_file.read_text()}"
    finally:
        started.kill()
        started.wait(10)


@pytest_asyncio.fixture
async def fronts(process: tuple[int, str]) -> AsyncIterator[Fronts]:
    """The fronts, and a channel to them."""
    pid, target = process
    async with grpc.aio.insecure_channel(target) as channel:
        yield Fronts(pid, channel)


async def refuse_all(fronts: Fronts, chosen: Sequence[Attack]) -> None:
    """Holds that each attack is refused as what it is."""
    for attack in chosen:
        for data in attack.requests():
            error = await fronts.error(attack.method, attack.streaming, data)
            told = (error.code, error.reason, error.metadata.get("path"))
            assert told == ("INVALID_ARGUMENT", "FIELD_TOO_LARGE", attack.path), (
                f"{attack.method} {attack.path}: {error}"
            )


async def test_every_field_that_can_grow_is_bounded_before_it_is_read(fronts: Fronts) -> None:
    chosen, ended = attacks(), asyncio.Event()
    assert len({attack.method for attack in chosen}) >= 10
    await fronts.error(chosen[0].method, chosen[0].streaming, b"")
    before = fronts.peak_bytes()
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(fronts.stay_healthy(ended))
        await refuse_all(fronts, chosen)
        ended.set()
    assert watch.result() > 0
    assert fronts.peak_bytes() - before <= GROWTH_BYTES


async def test_sides_beyond_number_with_large_facts_cost_nothing(fronts: Fronts) -> None:
    method = "/antiphon.llm_audio.v1.LlmAudioService/Compare"
    before = fronts.peak_bytes()
    for sides, facts, reason in (
        (500, 1 << 20, "FIELD_TOO_LARGE"),
        (5, 1 << 20, "SIDES_COUNT"),
        (2, 3_000_000, "FIELD_TOO_LARGE"),
    ):
        config = llm_audio_service_pb2.ComparisonConfig(facts_json="x" * facts)
        config.sides.extend(llm_audio_service_pb2.Side() for _ in range(sides))
        data = llm_audio_service_pb2.CompareRequest(config=config).SerializeToString()
        assert (await fronts.error(method, True, data)).reason == reason
    assert fronts.peak_bytes() - before <= GROWTH_BYTES


async def test_renderings_whose_callers_left_leave_the_front_to_others(fronts: Fronts) -> None:
    method, ended = "/antiphon.speech.v1.SpeechService/RenderTranscript", asyncio.Event()
    asked = speech_service_pb2.RenderTranscriptRequest(format=speech_service_pb2.RENDER_FORMAT_ENHANCED_LRC)
    segment = asked.transcript.segments.add(text="a " * 30_000)
    segment.start_offset.seconds = 0
    segment.words.extend(speech_service_pb2.Word(text="not there") for _ in range(60_000))
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(fronts.stay_healthy(ended))
        codes = await asyncio.gather(*(fronts.code(method, asked.SerializeToString(), 0.5) for _ in range(20)))
        ended.set()
    assert watch.result() > 0
    assert set(codes) <= {"OK", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
    asked.transcript.segments[0].ClearField("words")
    async with asyncio.timeout(30):
        while await fronts.code(method, asked.SerializeToString(), 30.0) != "OK":
            await asyncio.sleep(0.05)
    async with asyncio.timeout(30):
        while psutil.Process(fronts.pid).children():
            await asyncio.sleep(0.05)


def test_no_exemption_is_of_a_field_that_is_gone() -> None:
    known = {
        way[-1].full_name
        for module in MODULES
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        for way in ways(method.input_type)
    }
    assert {*EXEMPT, *bounds.BOUNDS} <= known
