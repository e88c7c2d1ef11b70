"""What wraps every RPC: errors become rich status, calls are counted and logged, nothing of the inside leaks."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc._cython import cygrpc

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis.server import telemetry

log = logging.getLogger("antiphon.call")

INTERNAL = AntiphonError("INTERNAL", "INTERNAL", "something went wrong in the service; its log has the details")
"""What is told where the fault is ours."""
_DRAINING = AntiphonError(
    "UNAVAILABLE", "DRAINING", "this server is ending; ask another, or this one again later", retry_after_seconds=1.0
)
_notes: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("notes", default=None)


class InFlight:
    """Calls under way in this process; draining waits until none is left."""

    def __init__(self) -> None:
        self.count = 0
        self.draining = False
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> InFlight:
        self.count += 1
        self._none.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if self.count == 0:
            self._none.set()

    async def wait_none(self) -> None:
        """Waits until no call is under way."""
        await self._none.wait()


def note(**values: Any) -> None:
    """Adds fields to the log line of the call under way."""
    notes = _notes.get()
    if notes is not None:
        notes.update(values)


def outgoing_metadata() -> list[tuple[str, str]]:
    """Metadata for the next hop: the request id of the call under way, and the trace where one is kept."""
    notes = _notes.get()
    own = [] if notes is None else [("x-request-id", notes["request_id"])]
    return own + telemetry.outgoing_metadata()


def rpc(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps an RPC handler, unary or streaming, of a servicer that was added to a :class:`chassis.server.Server`."""
    if inspect.isasyncgenfunction(method):

        @functools.wraps(method)
        async def streaming(self: Any, request: Any, context: grpc.aio.ServicerContext) -> None:
            async with (
                _Guard(self, method.__qualname__, context),
                aclosing(method(self, request, context)) as responses,
            ):
                async for response in responses:
                    await _write(context, response, self.reader_idle_seconds)

        return streaming

    unary_method: Callable[..., Awaitable[Message]] = method

    @functools.wraps(method)
    async def unary(self: Any, request: Any, context: grpc.aio.ServicerContext) -> Message | None:
        response = None
        async with _Guard(self, method.__qualname__, context):
            response = await unary_method(self, request, context)
        return response

    return unary


async def _write(context: grpc.aio.ServicerContext, response: Message, idle_seconds: float) -> None:
    """Sends a response; a caller who does not read must not hold the worker for ever.

    Raises:
        AntiphonError: READER_TOO_SLOW.
        CancelledError: the caller is gone, which gRPC may tell by an error of its own.
    """
    try:
        async with asyncio.timeout(idle_seconds):
            await context.write(response)
    except TimeoutError:
        raise AntiphonError(
            "DEADLINE_EXCEEDED",
            "READER_TOO_SLOW",
            f"the caller took nothing for {idle_seconds:g} s; read the answer while it comes",
            {"idle_seconds": idle_seconds},
        ) from None
    except (cygrpc.ExecuteBatchError, asyncio.InvalidStateError) as error:
        raise asyncio.CancelledError from error


class _Guard:
    """Everything around one call; turns what escapes from it into the status that the caller sees."""

    def __init__(self, servicer: Any, method: str, context: grpc.aio.ServicerContext) -> None:
        self._servicer = servicer
        self._method = method
        self._context = context
        self._metadata = {k: v for k, v in context.invocation_metadata() or () if isinstance(v, str)}
        self._notes: dict[str, Any] = {"request_id": self._metadata.get("x-request-id") or uuid.uuid4().hex}

    async def __aenter__(self) -> _Guard:
        if self._servicer.in_flight.draining:
            await self._context.abort_with_status(status.to_grpc(_DRAINING))
        self._started = time.monotonic()
        self._servicer.in_flight.__enter__()
        self._token = _notes.set(self._notes)
        self._span = telemetry.start_span(self._method, self._metadata)
        left = self._context.time_remaining()
        limit = self._servicer.max_call_seconds
        self._timeout = asyncio.timeout(limit if left is None else min(left, limit))
        await self._timeout.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        answer: AntiphonError | None = None
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            error = AntiphonError(
                "DEADLINE_EXCEEDED",
                "CALL_TIMEOUT",
                f"the call took longer than the {self._timeout_seconds():g} s that it may take",
                {"seconds": f"{self._timeout_seconds():g}"},
            )
        outcome = "OK"
        if isinstance(error, AntiphonError):
            outcome, answer = error.code, error
            note(reason=error.reason)
        elif isinstance(error, asyncio.CancelledError | GeneratorExit):
            outcome = "CANCELLED"
        elif isinstance(error, grpc.aio.AbortError):
            outcome = "ABORTED"
        elif error is not None:
            outcome, answer = "INTERNAL", INTERNAL
            logging.getLogger("antiphon").error("%s failed", self._method, exc_info=error)
        self._finish(outcome)
        if answer is not None:
            await self._context.abort_with_status(status.to_grpc(answer))
        return False

    def _timeout_seconds(self) -> float:
        return time.monotonic() - self._started

    def _finish(self, outcome: str) -> None:
        seconds = time.monotonic() - self._started
        _notes.reset(self._token)
        self._servicer.in_flight.__exit__()
        telemetry.end_span(self._span, outcome)
        telemetry.count_call(self._method, outcome, seconds)
        line = {"method": self._method, "outcome": outcome, "seconds": round(seconds, 4), **self._notes}
        log.info("%s", json.dumps(line))
