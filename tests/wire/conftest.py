"""A server of one call, written in the test itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
import pytest

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2

ANALYZE = "/antiphon.analysis.v1.AnalysisService/Analyze"

Behaviour = Callable[[AsyncIterator[Any], Any], AsyncIterator[Any]]
Serve = Callable[..., AbstractAsyncContextManager[str]]


@asynccontextmanager
async def _serve(behaviour: Behaviour, credentials: grpc.ServerCredentials | None = None) -> AsyncIterator[str]:
    handler = grpc.stream_stream_rpc_method_handler(
        behaviour,
        request_deserializer=analysis_pb2.AnalyzeRequest.FromString,
        response_serializer=analysis_pb2.AnalyzeResponse.SerializeToString,
    )
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("antiphon.analysis.v1.AnalysisService", {"Analyze": handler})]
    )
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@pytest.fixture
def serve() -> Serve:
    """Serves ``Analyze`` by a function of requests and context; gives the address."""
    return _serve
