"""Server reflection under both of its names: grpc.reflection.v1, and v1alpha for the tools that know no other.

grpcio-reflection answers to v1alpha alone. The messages of both are the same, field by field, so one servicer is behind
both names, and the description of v1 is that of v1alpha under the other name.
"""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

ALPHA_NAME: str = reflection.SERVICE_NAME
NAME = ALPHA_NAME.replace("v1alpha", "v1")
NAMES = (NAME, ALPHA_NAME)
"""Both names, as a server that has reflection is to list them."""


def enable(names: Iterable[str], server: grpc.aio.Server) -> None:
    """Has a server tell what it serves.

    Args:
        names: Full names of its services, :data:`NAMES` among them.
        server: A server that has not been started.
    """
    _describe()
    servicer = reflection.aio.ReflectionServicer(names)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    handlers = grpc.method_handlers_generic_handler(NAME, {"ServerReflectionInfo": handler})
    server.add_generic_rpc_handlers((handlers,))


def _describe() -> None:
    """Makes v1 known where descriptions are looked up, or tools that ask for that of every service would stop at it."""
    alpha = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(alpha)
    renamed = text_format.MessageToString(alpha).replace("v1alpha", "v1")
    described = text_format.Parse(renamed, descriptor_pb2.FileDescriptorProto())
    described.options.ClearField("deprecated")
    descriptor_pool.Default().AddSerializedFile(described.SerializeToString())
