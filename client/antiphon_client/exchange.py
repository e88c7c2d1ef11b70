"""One call of either client: its requests, what its answer has said so far, and what its end means.

What an event loop does otherwise than a thread is here, each time as a pair: :meth:`Exchange.open` and ``aopen``,
:meth:`Exchange.begin` and ``abegin``. So ``sync.py`` can be derived from ``client.py`` line by line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

import grpc
import grpc.aio

from antiphon_client.answer import Answer
from antiphon_client.errors import from_rpc
from antiphon_client.upload import AsyncAudioSource, Upload
from antiphon_wire.calls import keep_status
from antiphon_wire.rpcs import StreamRpc

Event = TypeVar("Event")


class Exchange(Generic[Event]):
    """What goes up and what comes down in one call.

    Args:
        rpc: The call.
        target: Address that is called, for messages.
        config: First message; the server's own defaults where None.
        audio: What follows it; None where nothing does.
        track: Which audio track of it to read, from 0, where the config names none; None for the default one.

    Raises:
        OSError: the audio cannot be opened or read.
        TypeError: the audio is nothing that can be sent.
    """

    def __init__(
        self, rpc: StreamRpc[Event], target: str, config: Any, audio: AsyncAudioSource | None, track: int | None = None
    ) -> None:
        self._rpc = rpc
        self._target = target
        self._answer = Answer(rpc, target)
        self._upload = None if audio is None else Upload(audio)
        # The caller's config is copied, so that it may be used again for other audio.
        self._first = rpc.request(config=config)
        self._first.config.SetInParent()
        if self._upload is not None:
            audio_format = self._first.config.audio_format
            self._upload.announce(audio_format)
            if track is not None and not audio_format.HasField("track"):
                audio_format.track = track
        self._cancel: Callable[[], object] | None = None

    @classmethod
    def open(
        cls, rpc: StreamRpc[Event], target: str, config: Any, audio: AsyncAudioSource | None, track: int | None = None
    ) -> Exchange[Event]:
        """Opens the audio and digests what can be read twice."""
        return cls(rpc, target, config, audio, track)

    @classmethod
    async def aopen(
        cls, rpc: StreamRpc[Event], target: str, config: Any, audio: AsyncAudioSource | None, track: int | None = None
    ) -> Exchange[Event]:
        """Opens the audio in a thread: digesting a long file would hold the event loop up."""
        return await asyncio.to_thread(cls, rpc, target, config, audio, track)

    def begin(self, channel: grpc.Channel, timeout_seconds: float) -> Any:
        """Starts the call; returns it, an iterator over responses."""
        call: Any = self._rpc.on(channel)(self._requests(), timeout=timeout_seconds)
        self._cancel = call.cancel
        return call

    def abegin(self, channel: grpc.aio.Channel, timeout_seconds: float) -> Any:
        """Starts the call; returns it, an asynchronous iterator over responses."""
        return keep_status(self._rpc.on(channel)(self._arequests(), timeout=timeout_seconds))

    def accept(self, response: Any) -> Event | None:
        """Takes the next response; see :meth:`Answer.accept`."""
        return self._answer.accept(response)

    def end(self) -> None:
        """Checks an answer whose stream has ended OK; see :meth:`Answer.end`."""
        self._answer.end()

    def reason(self, error: BaseException) -> BaseException:
        """Gives what the caller is to see of the error with which the call ended.

        grpc cancels a call whose requests fail and says nothing of why; the audio's own error says more.
        """
        if self._upload is not None and self._upload.failure is not None:
            return self._upload.failure
        if isinstance(error, grpc.RpcError):
            return from_rpc(error, self._target, self._answer.begun)
        return error

    def close(self) -> None:
        """Closes the audio, if it was opened here."""
        if self._upload is not None:
            self._upload.close()

    def _requests(self) -> Iterator[Any]:
        yield self._first
        if self._upload is None:
            return
        try:
            for chunk in self._upload.chunks():
                yield self._rpc.request(chunk=chunk)
        except GeneratorExit:
            raise
        except BaseException as error:
            # Raising here would make grpc log a trace of the caller's own error; it is raised to the caller instead.
            self._upload.failure = error
            if self._cancel is None:
                raise
            self._cancel()

    async def _arequests(self) -> AsyncIterator[Any]:
        yield self._first
        if self._upload is None:
            return
        try:
            async for chunk in self._upload.achunks():
                yield self._rpc.request(chunk=chunk)
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            self._upload.failure = error
            raise
