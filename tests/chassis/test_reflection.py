"""Reflection answers alike under both of its names, and describes itself under each."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2

from chassis.server import Server, ServerSettings
from chassis.server.reflection import ALPHA_NAME, NAME

every_name = pytest.mark.parametrize("name", [NAME, ALPHA_NAME])


async def answer(name: str, **asked: Any) -> reflection_pb2.ServerReflectionResponse:
    """What a server with nothing of its own says under one of the names."""
    server = Server("speech", ServerSettings(port=-1, lame_duck_seconds=0.0))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await server.start()}") as channel:
        call = channel.stream_stream(
            f"/{name}/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        request = reflection_pb2.ServerReflectionRequest(**asked)
        (only,) = [each async for each in call(iter([request]), timeout=10)]
    await server.drain()
    return only


@every_name
async def test_both_names_list_the_same_services_and_themselves(name: str) -> None:
    listed = (await answer(name, list_services="")).list_services_response.service
    assert {each.name for each in listed} == {
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "grpc.health.v1.Health",
        "antiphon.status.v1.StatusService",
    }


@every_name
@pytest.mark.parametrize("package", ["grpc.reflection.v1", "grpc.reflection.v1alpha"])
async def test_every_service_that_is_listed_is_described(name: str, package: str) -> None:
    files = (await answer(name, file_containing_symbol=f"{package}.ServerReflection")).file_descriptor_response
    described = descriptor_pb2.FileDescriptorProto.FromString(files.file_descriptor_proto[0])
    assert described.package == package
    (method,) = described.service[0].method
    assert method.input_type == f".{package}.ServerReflectionRequest"
    assert described.options.deprecated is (package.endswith("alpha"))


@every_name
async def test_a_symbol_that_there_is_not_is_not_found(name: str) -> None:
    error = (await answer(name, file_containing_symbol="antiphon.Nothing")).error_response
    assert error.error_code == grpc.StatusCode.NOT_FOUND.value[0]
