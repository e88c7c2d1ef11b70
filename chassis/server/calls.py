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
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
from google.protobuf.message import Message

from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis.server import telemetry
from chassis.server.answers import relay, write
from chassis.server.counted import Taken, taken
from chassis.server.logs import safe_id
from chassis.upload_limits import UploadWatch

log = logging.getLogger("antiphon.call")

Context = grpc.aio.ServicerContext[Any, Any]

INTERNAL = AntiphonError("INTERNAL", "INTERNAL", "something went wrong in the service; its log has the details")
"""What is told where the fault is ours."""
_DRAINING = AntiphonError(
    "UNAVAILABLE", "DRAINING", "this server is ending; ask another, or this one again later", retry_after_seconds=1.0
)
_MAX_NOTE = 128  # characters of a field of a call's line
_peer: contextvars.ContextVar[str] = contextvars.ContextVar("peer", default="")
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


def peer() -> str:
    """Address of the caller of the call under way, without its port; empty where there is no call, or it has none."""
    return _peer.get()


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


def name_of(servicer: Any, method: Callable[..., Any]) -> str:
    """Gives a call's name for logs, metrics and traces, such as ``antiphon.speech.v1.SpeechService/Transcribe``."""
    return f"{servicer.full_name}/{method.__name__}"


def rpc(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps an RPC handler, unary or streaming, of a servicer that was added to a :class:`chassis.server.Server`.

    A streaming one does not wait long for its reader; see :mod:`chassis.server.answers`.
    """
    if inspect.isasyncgenfunction(method):

        @functools.wraps(method)
        async def streaming(self: Any, request: Any, context: Context) -> None:
            async with _guarded(self, name_of(self, method), context):
                spooled = await relay(context, method(self, Taken(request), context), self.reading)
                if spooled:
                    note(spooled_bytes=spooled)

        return streaming

    unary_method: Callable[..., Awaitable[Message]] = method

    @functools.wraps(method)
    async def unary(self: Any, request: Any, context: Context) -> Message | None:
        response = None
        async with _guarded(self, name_of(self, method), context):
            response = await unary_method(self, taken(request), context)
        return response

    return unary


def live_rpc(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a streaming RPC that answers while it is asked: it waits for its reader, and is asked no more meanwhile.

    What it makes is never spooled, for what is late is worth little.
    """

    @functools.wraps(method)
    async def streaming(self: Any, request: Any, context: Context) -> None:
        async with (
            _guarded(self, name_of(self, method), context),
            aclosing(method(self, Taken(request), context)) as responses,
        ):
            watch = UploadWatch(self.reading.live_limits)
            async for response in responses:
                await write(context, response, watch)

    return streaming


@asynccontextmanager
async def _guarded(servicer: Any, method: str, context: Context) -> AsyncIterator[None]:
    """Stands around one call: counts, times, traces and logs it, and turns what escapes into what the caller sees."""
    if servicer.in_flight.draining:
        await context.abort_with_status(status.to_grpc(_DRAINING))
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    notes: dict[str, Any] = {"request_id": safe_id(metadata.get("x-request-id", "")) or uuid.uuid4().hex}
    token = _notes.set(notes)
    peer_token = _peer.set(address(context.peer() or ""))
    span = telemetry.start_span(method, metadata)
    if trace_id := telemetry.trace_id(span):
        notes["trace_id"] = trace_id
    started = time.monotonic()
    outcome, answer = "OK", None
    try:
        with servicer.in_flight:
            limit = asyncio.timeout(_seconds(servicer, context))
            try:
                async with limit:
                    yield
            except TimeoutError:
                if not limit.expired():
                    raise  # somebody else's limit, which should have been handled where it was set
                raise _timed_out(time.monotonic() - started) from None
    except AntiphonError as error:
        outcome, answer = error.code, error
        notes["reason"] = error.reason
    except (asyncio.CancelledError, GeneratorExit):
        outcome = "CANCELLED"
        raise
    except grpc.aio.AbortError:
        outcome = "ABORTED"
        raise
    except BaseException:
        # What went wrong inside is for the log; the caller learns that it is no fault of theirs, and nothing else. Also
        # where it is no Exception: gRPC sends no status then, and the caller would wait.
        outcome, answer = "INTERNAL", INTERNAL
        logging.getLogger("antiphon").exception("%s failed", method)
    finally:
        seconds = time.monotonic() - started
        _notes.reset(token)
        _peer.reset(peer_token)
        telemetry.end_span(span, outcome)
        telemetry.count_call(method, outcome, seconds)
        line = {"method": method, "outcome": outcome, "seconds": round(seconds, 4), **notes}
        told = {name: value[:_MAX_NOTE] if isinstance(value, str) else value for name, value in line.items()}
        log.info("%s", json.dumps(told), extra={"kind": f"{method} {outcome}"})
    if answer is not None:
        await context.abort_with_status(status.to_grpc(answer))


def address(peer: str) -> str:
    """Gives the address in gRPC's name of a peer, such as ``ipv4:127.0.0.1:40000``, without the port."""
    return peer.rpartition(":")[0] if peer.startswith(("ipv4:", "ipv6:")) else peer


def _seconds(servicer: Any, context: Context) -> float:
    """How long a call may take: what its caller allows, within what this server does."""
    limit = float(servicer.max_call_seconds)
    left = context.time_remaining()
    return limit if left is None else min(left, limit)


def _timed_out(seconds: float) -> AntiphonError:
    return AntiphonError(
        "DEADLINE_EXCEEDED",
        "CALL_TIMEOUT",
        f"the call took longer than the {seconds:g} s that it may take",
        {"seconds": f"{seconds:g}"},
    )
