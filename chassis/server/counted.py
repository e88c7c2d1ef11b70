"""Has every request of a server counted on its bytes before gRPC makes a message of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import grpc

from antiphon_wire.errors import AntiphonError
from chassis.counting import read


class CountedServer:
    """What a servicer is registered at: a gRPC server whose handlers are handed messages that were counted.

    In place of a message that is refused a handler is handed its error, see :func:`taken` and :class:`Taken`.

    Args:
        server: The gRPC server.
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Adds handlers as the server does."""
        self._server.add_generic_rpc_handlers(tuple(_Counted(each) for each in handlers))

    def add_registered_method_handlers(self, service_name: str, handlers: dict[str, Any]) -> None:
        """Does nothing: these are a second way to the generic handlers, which would go past the count."""


class _Counted(grpc.GenericRpcHandler):
    def __init__(self, handler: grpc.GenericRpcHandler) -> None:
        self._handler = handler

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        found: Any = self._handler.service(handler_call_details)
        if found is None:
            return None
        counted: grpc.RpcMethodHandler[Any, Any] = found._replace(
            request_deserializer=partial(read, found.request_deserializer.__self__)
        )
        return counted


def taken(request: Any) -> Any:
    """Gives a request, or raises the AntiphonError that came in its place."""
    if isinstance(request, AntiphonError):
        raise request
    return request


class Taken:
    """The requests of a streaming call; raises the AntiphonError that came in place of one."""

    def __init__(self, requests: AsyncIterator[Any]) -> None:
        self._requests = requests

    def __aiter__(self) -> Taken:
        return self

    async def __anext__(self) -> Any:
        # Not before it is read: an iterator of grpc that nobody begins warns of that.
        return taken(await anext(aiter(self._requests)))
