"""What is no message of its kind: the caller is told so, where gRPC alone would tell a fault of ours with a traceback.

gRPC reads a message before its handler runs, or while the handler asks for the next one; what cannot be read then
raises in a place that no handler guards. Here it raises a typed error instead, in every service, health and reflection
among them.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError, invalid
from chassis.server import telemetry

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 4 << 20
"""Most bytes of one message of a request."""
TRANSPORT_BYTES = 16 << 20
"""Most bytes of one that gRPC hands on: of what it refuses itself the caller learns no reason of ours."""
_LINE_SECONDS = 10.0
"""Least time between two lines of the log about such messages; whoever sends one may send a million."""


class ReadableMessages(grpc.aio.ServerInterceptor):
    """Refuses bytes that are no message of the method's kind, or too many: MESSAGE_UNREADABLE, MESSAGE_TOO_LARGE."""

    def __init__(self) -> None:
        self._next_line = 0.0
        self._unsaid = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Gives the method's handler, its messages guarded; None for a method that nobody answers."""
        handler: Any = await continuation(handler_call_details)
        if handler is None or handler.request_deserializer is None:
            return handler
        method = handler_call_details.method
        read = functools.partial(self._read, handler.request_deserializer, method)
        if handler.request_streaming:
            kind = "stream_stream" if handler.response_streaming else "stream_unary"
            return handler._replace(request_deserializer=read, **{kind: _told(getattr(handler, kind))})
        kind = "unary_stream" if handler.response_streaming else "unary_unary"

        def kept(message: bytes) -> Any:
            # Nothing stands around the reading of a single message, so its error goes to the handler as the message.
            try:
                return read(message)
            except AntiphonError as error:
                telemetry.count_call(method.removeprefix("/"), error.code, 0.0)
                return error

        return handler._replace(request_deserializer=kept, **{kind: _told(getattr(handler, kind))})

    def _read(self, deserializer: Callable[[bytes], Any], method: str, message: bytes) -> Any:
        if len(message) > MAX_MESSAGE_BYTES:
            raise invalid(
                "MESSAGE_TOO_LARGE",
                f"a message of {len(message)} bytes; send at most {MAX_MESSAGE_BYTES}, audio in chunks of 256 KiB",
                method=method,
                bytes=len(message),
                limit=MAX_MESSAGE_BYTES,
            )
        try:
            return deserializer(message)
        except (DecodeError, UnicodeDecodeError):
            self._say(method, len(message))
            raise invalid(
                "MESSAGE_UNREADABLE",
                f"{len(message)} bytes are no request of {method}; send one that this version's protos describe",
                method=method,
                bytes=len(message),
            ) from None

    def _say(self, method: str, count: int) -> None:
        now = time.monotonic()
        if now < self._next_line:
            self._unsaid += 1
            return
        log.warning("%d bytes are no request of %s; %d such messages since the last line", count, method, self._unsaid)
        self._next_line, self._unsaid = now + _LINE_SECONDS, 0


def _told(behaviour: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a handler: an unreadable message, handed in or met on the way, ends the call with its status."""
    if inspect.isasyncgenfunction(behaviour):

        async def yielding(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                _raise(request)
                async for response in behaviour(request, context):
                    yield response
            except AntiphonError as error:
                await context.abort_with_status(status.to_grpc(error))

        return yielding

    async def answering(request: Any, context: Any) -> Any:
        try:
            _raise(request)
            return await behaviour(request, context)
        except AntiphonError as error:
            return await context.abort_with_status(status.to_grpc(error))

    return answering


def _raise(request: Any) -> None:
    if isinstance(request, AntiphonError):
        raise request
