"""One call to a service: a spooled recording goes out as chunks, the answer comes back until its summary."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from antiphon.audio.v1 import audio_pb2
from antiphon_wire.errors import data_loss
from antiphon_wire.limits import RECOMMENDED_CHUNK_BYTES
from chassis.server import calls
from gateway.analysis import stage_failure as failure

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """Encoded audio on disk that a stage can listen to.

    Attributes:
        path: The file.
        byte_count: Its length.
        sha256: Its SHA-256, 32 bytes.
        audio_format: How to read it, as its maker declared it.
        clip: The part of the upload that it holds; None for all of it.
    """

    path: Path
    byte_count: int
    sha256: bytes
    audio_format: audio_pb2.AudioFormat
    clip: audio_pb2.ClipRange | None = None

    def announced(self) -> audio_pb2.AudioFormat:
        """Gives the format with byte count and digest, so that the service checks what arrives."""
        result = audio_pb2.AudioFormat()
        result.CopyFrom(self.audio_format)
        result.total_bytes = self.byte_count
        result.content_sha256 = self.sha256
        return result


class _KeepStatus:
    """Stands before a call's core and ignores the status that grpc.aio makes up when a pending write fails."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def set_internal_error(self, _: str) -> None:
        """Drops "Internal error from Core"; the status that the server sent follows."""


def keep_status(call: Any) -> Any:
    """Makes a call with a request stream end with the status that the server sent.

    When an upload ends while a write is pending, grpc.aio puts INTERNAL in place of the true code and loses its details
    (seen with grpcio 1.85). This reaches into a private attribute: grpcio is pinned, and a test holds the behaviour.
    """
    call._cython_call = _KeepStatus(call._cython_call)
    return call


class Line:
    """The way to one service.

    Args:
        service: Its word, for messages.
        target: Where it is, for messages.
        channel: The channel to it.
        connect_seconds: Longest wait for it to be reachable.
    """

    def __init__(self, service: str, target: str, channel: grpc.aio.Channel, connect_seconds: float) -> None:
        self.service = service
        self.target = target
        self.channel = channel
        self._connect_seconds = connect_seconds

    async def replay(
        self, method: Any, request_type: Any, config: Any, recording: Recording, timeout: float
    ) -> AsyncGenerator[Any, None]:
        """Calls ``method`` with ``config`` and the recording; yields its responses, the summary last.

        Closing the iterator cancels the call.

        Raises:
            StageFailure: the service failed or was lost, or its answer was not as the contract says: NO_SUMMARY.
        """
        await self._connect()
        requests = _requests(request_type, config, recording)
        metadata = calls.outgoing_metadata()
        call = keep_status(method(requests, timeout=timeout, metadata=metadata, wait_for_ready=False))
        answered = summary = False
        try:
            async for response in call:
                answered = True
                if summary:
                    raise self._broken("SUMMARY_NOT_LAST", "sent more after its summary")
                summary = response.WhichOneof("event") == "summary"
                yield response
        except grpc.aio.AioRpcError as error:
            broken = failure.from_call(error, self.service, self.target)
            broken.worked = answered
            raise broken from error
        except asyncio.CancelledError:
            # grpc.aio raises this too when the *server* cancelled, which it does while it stops.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise failure.lost(self.service, self.target, "the call was cancelled from there") from None
        finally:
            call.cancel()
            requests.close()
        if not summary:
            raise self._broken("NO_SUMMARY", "ended its answer without a summary")

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self._connect_seconds):
                await self.channel.channel_ready()
        except TimeoutError:
            raise failure.unreachable(self.service, self.target, self._connect_seconds) from None

    def _broken(self, reason: str, what: str) -> failure.StageFailure:
        message = f"{self.service} {what}; its answer cannot be trusted to be whole"
        return failure.local(data_loss(reason, message, service=self.service))


def _requests(request_type: Any, config: Any, recording: Recording) -> Generator[Any, None, None]:
    yield request_type(config=config)
    offset = 0
    try:
        with recording.path.open("rb") as file:
            while data := file.read(RECOMMENDED_CHUNK_BYTES):
                last = offset + len(data) >= recording.byte_count
                yield request_type(chunk=audio_pb2.AudioChunk(data=data, byte_offset=offset, last=last))
                offset += len(data)
    except OSError:
        _log.exception("the spooled recording could not be read")
        raise
