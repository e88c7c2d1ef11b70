"""Bounds what is no work of a service and yet served: watches of its health, and reflection."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError, busy, invalid
from chassis.server.calls import address
from chassis.shared_places import SharedPlaces

MAX_BYTES = 4 << 10
"""Bytes of one request, which are a name."""
WATCHES, PEER_WATCHES = 256, 64
"""Watches of health at once, and those of one address; a gateway has one for each replica of a service."""
REFLECTIONS, PEER_REFLECTIONS = 16, 8
REFLECTION_SECONDS = 30.0

_HEALTH, _WATCH, _REFLECTION = "/grpc.health.v1.Health/", "/grpc.health.v1.Health/Watch", "/grpc.reflection."


@dataclass(frozen=True)
class _Bound:
    places: SharedPlaces
    seconds: float | None


class SideCalls(grpc.aio.ServerInterceptor):
    """Refuses the watch, or the reflection, that is one too many: SIDE_CALLS_FULL; and requests over 4 KiB."""

    def __init__(self) -> None:
        self._watches = _Bound(SharedPlaces(WATCHES, PEER_WATCHES, 60.0, 60.0), None)
        self._reflections = _Bound(
            SharedPlaces(REFLECTIONS, PEER_REFLECTIONS, 1.0, REFLECTION_SECONDS), REFLECTION_SECONDS
        )

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Gives the method's handler, bounded where it is one of these."""
        handler: Any = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith((_HEALTH, _REFLECTION)):
            return handler
        handler = handler._replace(request_deserializer=_small(handler.request_deserializer, method))
        if method.startswith(_REFLECTION):
            return handler._replace(stream_stream=_bounded(handler.stream_stream, self._reflections))
        if method == _WATCH:
            return handler._replace(unary_stream=_bounded(handler.unary_stream, self._watches))
        return handler


def _small(deserializer: Callable[[bytes], Any], method: str) -> Callable[[bytes], Any]:
    def read(message: bytes) -> Any:
        if len(message) > MAX_BYTES:
            raise invalid(
                "MESSAGE_TOO_LARGE",
                f"a request of {method} has {len(message)} bytes; send at most {MAX_BYTES}",
                bytes=len(message),
                limit=MAX_BYTES,
            )
        return deserializer(message)

    return read


def _bounded(behaviour: Callable[..., Any], bound: _Bound) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(behaviour):

        async def yielding(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                with _place(bound.places, context):
                    async with asyncio.timeout(bound.seconds):
                        async for response in behaviour(request, context):
                            yield response
            except (AntiphonError, TimeoutError) as error:
                await context.abort_with_status(status.to_grpc(_told(error)))

        return yielding

    async def answering(request: Any, context: Any) -> Any:
        try:
            with _place(bound.places, context):
                async with asyncio.timeout(bound.seconds):
                    return await behaviour(request, context)
        except (AntiphonError, TimeoutError) as error:
            return await context.abort_with_status(status.to_grpc(_told(error)))

    return answering


@contextmanager
def _place(places: SharedPlaces, context: Any) -> Iterator[None]:
    peer = address(context.peer() or "")
    if places.full or places.share_spent(peer):
        raise busy(
            "SIDE_CALLS_FULL",
            f"{places.held} calls of this kind are open, {places.held_by(peer)} of them from your address; end some",
            retry_after_seconds=max(1.0, places.until_free()),
            limit=places.limit,
            share=places.share,
        )
    ticket = places.take(peer)
    try:
        yield
    finally:
        ticket.release()


def _told(error: Exception) -> AntiphonError:
    if isinstance(error, AntiphonError):
        return error
    return AntiphonError(
        "DEADLINE_EXCEEDED", "SIDE_CALL_TOO_LONG", "the call was open, or its answer unread, for too long; ask again"
    )
