"""What a server shows, and to whom: reflection and status by settings, and all of it to the clients that are named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from antiphon.status.v1 import status_service_pb2 as status_pb2
from antiphon.status.v1 import status_service_pb2_grpc as status_grpc
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from chassis.health import ready
from chassis.server import Server, ServerSettings, reflection

UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED
REFLECTION = {"reflection", "reflection v1"}
STREAMS = {"watch", *REFLECTION}


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[int]:
    """The port of a server with nothing but what every server has."""
    server = Server("speech", ServerSettings(port=-1, lame_duck_seconds=0.0, **settings))
    yield await server.start()
    await server.drain()


async def codes(channel: grpc.aio.Channel) -> dict[str, grpc.StatusCode]:
    """How each of the calls that every server knows ends."""
    listing = reflection_pb2.ServerReflectionRequest(list_services="")
    asked: dict[str, Any] = {
        "health": health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10),
        "watch": health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=10),
        "status": status_grpc.StatusServiceStub(channel).GetStatus(status_pb2.GetStatusRequest(), timeout=10),  # type: ignore[no-untyped-call]
        "reflection": reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([listing]), timeout=10
        ),
        "reflection v1": channel.stream_stream(
            f"/{reflection.NAME}/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        )(iter([listing]), timeout=10),
    }
    result = {}
    for name, call in asked.items():
        try:
            # The first answer of a stream is enough: a watch has no end.
            await (anext(aiter(call)) if name in STREAMS else call)
            result[name] = grpc.StatusCode.OK
        except grpc.aio.AioRpcError as error:
            result[name] = error.code()
        call.cancel()
    return result


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({}, set()),
        ({"reflection": False}, REFLECTION),
        ({"status_service": False}, {"status"}),
        ({"reflection": False, "status_service": False}, {*REFLECTION, "status"}),
    ],
)
async def test_reflection_and_status_are_there_unless_switched_off_and_health_always(
    settings: dict[str, Any], missing: set[str]
) -> None:
    async with served(**settings) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ended = await codes(channel)
    assert {name for name, code in ended.items() if code == UNIMPLEMENTED} == missing
    assert {code for name, code in ended.items() if name not in missing} == {grpc.StatusCode.OK}


async def test_reflection_does_not_name_a_status_that_is_switched_off() -> None:
    async with served(status_service=False) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        (answer,) = [each async for each in stub.ServerReflectionInfo(iter([request]), timeout=10)]
    names = {each.name for each in answer.list_services_response.service}
    assert names == {"grpc.health.v1.Health", *reflection.NAMES}


@pytest.fixture
def authority() -> trustme.CA:
    """Who certifies the server and its clients."""
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """Settings of a server that wants certificates of the authority."""
    own = authority.issue_cert("localhost")
    files = {name: str(tmp_path / name) for name in ("tls_cert_file", "tls_key_file", "tls_client_ca_file")}
    own.cert_chain_pems[0].write_to_path(files["tls_cert_file"])
    own.private_key_pem.write_to_path(files["tls_key_file"])
    authority.cert_pem.write_to_path(files["tls_client_ca_file"])
    return files


def channel_as(authority: trustme.CA, port: int, *names: str, common_name: str | None = None) -> grpc.aio.Channel:
    """A channel of a client whose certificate bears the names."""
    shown = authority.issue_cert(*names, common_name=common_name)
    credentials = grpc.ssl_channel_credentials(
        authority.cert_pem.bytes(), shown.private_key_pem.bytes(), shown.cert_chain_pems[0].bytes()
    )
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.aio.secure_channel(f"localhost:{port}", credentials, options=options)


@pytest.mark.parametrize(
    ("names", "common_name", "allowed"),
    [
        (["gateway.local"], None, True),
        (["other.local", "Gateway.local"], None, True),
        ([], "gateway.local", True),
        (["other.local"], None, False),
        # A certificate with alternative names is known by them: its common name proves nothing.
        (["other.local"], "gateway.local", False),
        (["x.gateway.local"], None, False),
        (["*.local"], None, False),
        (["10.0.0.1"], "gateway.local", False),
        (["10.0.0.1"], None, False),
    ],
)
async def test_only_a_client_that_is_named_is_answered_whatever_it_asks(
    authority: trustme.CA, tls: dict[str, str], names: list[str], common_name: str | None, allowed: bool
) -> None:
    async with (
        served(**tls, tls_client_names=("bench.local", "gateway.local")) as port,
        channel_as(authority, port, *names, common_name=common_name) as channel,
    ):
        ended = await codes(channel)
        # One that is named is answered after another was refused.
        async with channel_as(authority, port, "bench.local") as named:
            assert set((await codes(named)).values()) == {grpc.StatusCode.OK}
    expected = grpc.StatusCode.OK if allowed else grpc.StatusCode.PERMISSION_DENIED
    assert ended == dict.fromkeys(["health", "status", *STREAMS], expected)


async def test_a_client_that_is_not_named_is_told_so_and_no_name(authority: trustme.CA, tls: dict[str, str]) -> None:
    async with (
        served(**tls, tls_client_names=("gateway.local",)) as port,
        channel_as(authority, port, "other.local") as channel,
    ):
        stub = status_grpc.StatusServiceStub(channel)  # type: ignore[no-untyped-call]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await keep_status(stub.GetStatus(status_pb2.GetStatusRequest(), timeout=10))
    error = status.from_status(status.from_rpc_error(caught.value))
    assert (error.code, error.reason) == ("PERMISSION_DENIED", "CLIENT_NOT_ALLOWED")
    assert "gateway.local" not in error.message


async def test_without_names_every_certificate_of_the_authority_is_answered(
    authority: trustme.CA, tls: dict[str, str]
) -> None:
    async with served(**tls) as port, channel_as(authority, port, "any.local") as channel:
        assert set((await codes(channel)).values()) == {grpc.StatusCode.OK}


async def test_probes_on_the_health_port_need_no_name(tls: dict[str, str], unused_tcp_port: int) -> None:
    async with served(**tls, tls_client_names=("gateway.local",), health_port=unused_tcp_port):
        assert await asyncio.to_thread(ready, f"127.0.0.1:{unused_tcp_port}")


def test_names_without_certificates_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="tls_client_names needs tls_client_ca_file"):
        ServerSettings(tls_client_names=("gateway.local",))
