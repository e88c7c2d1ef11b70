"""One call to a service: a recording goes out as chunks, the answer comes back until its summary."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Any, TypeVar

import grpc

from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.calls import Ending, keep_status
from antiphon_wire.chunks import cut_file
from antiphon_wire.errors import AntiphonError
from antiphon_wire.rpcs import StreamRpc
from chassis.server.calls import outgoing_metadata
from gateway import call_failure
from gateway.call_failure import CallFailure
from gateway.recording import Recording
from gateway.replicas import Replicas

_log = logging.getLogger(__name__)

Event = TypeVar("Event")


class Route:
    """The way to one service.

    Args:
        replicas: Who answers for it.
    """

    def __init__(self, replicas: Replicas) -> None:
        self.replicas = replicas
        self.service = replicas.service
        self.target = replicas.target

    async def call(
        self, rpc: StreamRpc[Event], config: Any, recording: Recording, timeout: float
    ) -> AsyncGenerator[Event | evidence_pb2.Progress, None]:
        """Calls ``rpc`` with ``config`` and the recording; yields the answer's events, the summary last.

        The config's ``audio_format`` is set to the recording's. Closing the iterator cancels the call. Where no replica
        is ready, one is waited for, which a progress tells before the answer's first event.

        Raises:
            CallFailure: the service failed or was lost, or its answer was not as the contract says: NO_SUMMARY.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        async with aclosing(self.replicas.wait(timeout)) as waiting:
            async for progress in waiting:
                yield progress
        config.audio_format.CopyFrom(recording.announced())
        requests = _requests(rpc.request, config, recording)
        # Not wait_for_ready: a replica was waited for, and one that has gone since then is better told of at once.
        call = keep_status(
            rpc.on(self.replicas.channel)(
                requests, timeout=deadline - clock(), metadata=outgoing_metadata(), wait_for_ready=False
            )
        )
        ending = Ending(rpc.last, self.service, missing_reason="NO_SUMMARY", service=self.service)
        try:
            async for response in call:
                kind = ending.take(response)
                # A newer service may tell of what this gateway has no word for yet.
                if kind is not None:
                    yield getattr(response, kind)
            ending.end()
        except grpc.aio.AioRpcError as error:
            raise call_failure.from_call(error, self.service, self.target, worked=ending.begun) from error
        except AntiphonError as error:
            raise CallFailure(error, worked=ending.begun) from None
        except asyncio.CancelledError:
            # grpc.aio raises this too when the *server* cancelled, which it does while it stops.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise call_failure.lost(self.service, self.target, "the call was cancelled from there") from None
        finally:
            call.cancel()
            requests.close()


def _requests(request_type: Any, config: Any, recording: Recording) -> Generator[Any, None, None]:
    yield request_type(config=config)
    try:
        for chunk in cut_file(recording.path, recording.byte_count):
            yield request_type(chunk=chunk)
    except OSError:
        # grpc.aio reads this in a task of its own and tells the caller nothing but that the stream broke.
        _log.exception("the spooled recording could not be read")
        raise
