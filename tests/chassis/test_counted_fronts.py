"""Every field of every request of every process blown up: refused by name and cheaply, others answered meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
import pytest_asyncio
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc

from antiphon.analysis.v1 import analysis_service_pb2
from antiphon.essentia.v1 import essentia_service_pb2
from antiphon.generation.v1 import generation_service_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2
from antiphon.separation.v1 import separation_service_pb2
from antiphon.speech.v1 import speech_service_pb2
from antiphon.status.v1 import status_service_pb2
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from chassis import bounds
from tests.fixtures.gateway_process import ROOT, environment, wait_until

MODULES = (
    analysis_service_pb2,
    essentia_service_pb2,
    generation_service_pb2,
    llm_audio_service_pb2,
    separation_service_pb2,
    speech_service_pb2,
    status_service_pb2,
)
LARGE_BYTES = 3_500_000
"""Less than the 4 MiB of one message that gRPC takes."""
GROWTH_BYTES = 32 << 20
HEALTH_SECONDS = 2.0
"""A limit against hanging: the answer takes a millisecond."""
EXEMPT = {
    "antiphon.audio.v1.AudioChunk.data": "counted by the check of an upload, after the config, as CHUNK_TOO_LARGE",
    "antiphon.speech.v1.Word.text": "there are too many to look into; rendering is linear in it, beside the front",
}
"""Fields that may have what a message may, and why."""


@dataclass(frozen=True)
class Attack:
    """One field of one RPC's request, by the fields that lead to it."""

    method: str
    streaming: bool
    way: tuple[FieldDescriptor, ...]

    @property
    def path(self) -> str:
        """The field's path in the request."""
        return ".".join(field.name for field in self.way)

    def requests(self) -> Iterator[bytes]:
        """The field one beyond its bound, and as large as a message may be."""
        field = self.way[-1]
        if is_repeated(field):
            one = tag(field) + b"\x00" if is_sized(field) else tag(field) + bytes(element_size(field))
            limit = bounds.BOUNDS.get(field.full_name, bounds.COUNT)
            yield self._wrapped(one * (limit + 1))
            yield self._wrapped(one * (LARGE_BYTES // len(one)))
        if is_sized(field) and field.message_type is None:
            own = bounds.TEXT_BYTES if is_repeated(field) else bounds.BOUNDS.get(field.full_name, bounds.TEXT_BYTES)
            for size in (own + 1, LARGE_BYTES):
                yield self._wrapped(tag(field) + varint(size) + b"x" * size)

    def _wrapped(self, data: bytes) -> bytes:
        for field in reversed(self.way[:-1]):
            data = tag(field) + varint(len(data)) + data
        return data


def is_repeated(field: Any) -> bool:
    """As new protobufs and old ones say it."""
    return bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED)


def is_sized(field: FieldDescriptor) -> bool:
    """Whether the field's elements come with their length."""
    return field.cpp_type in (FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_MESSAGE)


def element_size(field: FieldDescriptor) -> int:
    """Bytes of an element that comes without its length."""
    sizes = {FieldDescriptor.CPPTYPE_DOUBLE: 8, FieldDescriptor.CPPTYPE_FLOAT: 4}
    return sizes.get(field.cpp_type, 1)


def tag(field: FieldDescriptor) -> bytes:
    """The number of a field and how its value is written."""
    wire_type = 2 if is_sized(field) else {8: 1, 4: 5}.get(element_size(field), 0)
    return varint(field.number << 3 | wire_type)


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def ways(descriptor: Descriptor, before: tuple[FieldDescriptor, ...] = ()) -> Iterator[tuple[FieldDescriptor, ...]]:
    """Every field that can grow, through all messages."""
    for field in descriptor.fields:
        way = (*before, field)
        if is_repeated(field) or field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            yield way
        if field.message_type is not None:
            yield from ways(field.message_type, way)


def attacks() -> list[Attack]:
    """Every field that can grow, of every RPC of every service."""
    return [
        Attack(f"/{service.full_name}/{method.name}", method.client_streaming, way)
        for module in MODULES
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        for way in ways(method.input_type)
        if way[-1].full_name not in EXEMPT
    ]


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
