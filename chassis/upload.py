"""Uploads as they come in: config first and once, then chunks without a gap, spooled to a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Generic, TypeVar

from antiphon_wire.errors import AntiphonError, invalid
from antiphon_wire.upload_check import UploadCheck
from chassis.spool import Spool, SpooledAudio, SpoolFile
from chassis.upload_limits import UploadLimits, UploadWatch

Config = TypeVar("Config")


class Upload(Generic[Config]):
    """One upload as it comes in.

    Use as an async context; leaving it removes the spooled file::

        async with Upload(requests, spool, UploadLimits(idle_seconds=30)) as upload:
            config = await upload.config()
            audio = await upload.audio()
    """

    def __init__(self, requests: AsyncIterator[Any], spool: Spool, limits: UploadLimits) -> None:
        self._requests = requests
        self._spool = spool
        self.watch = UploadWatch(limits)
        self._config: Config | None = None
        self._file: SpoolFile | None = None
        self._began = False
        self._asked = 0.0
        self._waiting: asyncio.Timeout | None = None
        self._makes_way = False
        self.byte_count = 0
        self.sha256 = b""

    async def __aenter__(self) -> Upload[Config]:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.remove()

    async def config(self) -> Config:
        """Reads the first message, which must be the config.

        Raises:
            AntiphonError: CONFIG_MISSING, UPLOAD_IDLE, UPLOAD_TOO_SLOW.
        """
        if self._config is None:
            message = await self._next()
            if message is None or message.WhichOneof("payload") != "config":
                found = "nothing" if message is None else message.WhichOneof("payload") or "an empty message"
                raise invalid(
                    "CONFIG_MISSING",
                    f"the first message must hold config; it held {found}",
                    field="config",
                    found=found,
                )
            self._config = message.config
        return self._config

    async def audio(self) -> SpooledAudio:
        """Reads every chunk into the spool.

        Raises:
            AntiphonError: those of :meth:`pieces` and :class:`SpoolFile`.
        """
        file = self._file = self._spool.file()
        async for data in self.pieces():
            file.write(data)
        file.finish()
        return SpooledAudio(file.path, self.byte_count, self.sha256)

    async def audio_if_any(self) -> SpooledAudio | None:
        """Reads every chunk into the spool; None for an upload that ends with its config.

        Raises:
            AntiphonError: those of :meth:`audio`.
        """
        try:
            return await self.audio()
        except AntiphonError as error:
            if error.reason == "UPLOAD_EMPTY" and not self._began:
                return None
            raise

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yields the bytes of each chunk as it comes; at the end ``byte_count`` and ``sha256`` are set.

        Raises:
            AntiphonError: CONFIG_REPEATED, PAYLOAD_MISSING, UPLOAD_IDLE, UPLOAD_TOO_SLOW, and all of
                :class:`UploadCheck`.
        """
        config: Any = await self.config()
        check = UploadCheck.announced(config.audio_format)
        while not check.finished:
            message = await self._next()
            if message is None:
                break
            if (payload := message.WhichOneof("payload")) == "config":
                raise invalid("CONFIG_REPEATED", "config came twice; send it once, first", field="config")
            if payload is None:
                raise invalid("PAYLOAD_MISSING", "a message held neither config nor chunk", field="chunk")
            self._began = True
            check.feed(message.chunk)
            data = message.chunk.data
            self.watch.brought(len(data))
            yield data
        self.sha256 = check.end()
        self.byte_count = check.byte_count

    def make_way(self) -> bool:
        """Ends the upload where it is behind what it must bring, because somebody else wants its place.

        Returns:
            Whether it does: what waits for it then raises UPLOAD_TOO_SLOW.
        """
        if self._waiting is None or self._makes_way or not self.watch.behind(time.monotonic() - self._asked):
            return False
        self._makes_way = True
        self._waiting.reschedule(asyncio.get_running_loop().time())
        return True

    async def _next(self) -> Any | None:
        # The rate is that of the audio: who thinks about the config for a while has not been slow yet.
        rated = self._config is not None
        self._asked = time.monotonic()
        try:
            async with asyncio.timeout(self.watch.patience(rated)) as self._waiting:
                # Not before it is read: an iterator of grpc that nobody begins warns of that.
                message = await anext(aiter(self._requests), None)
        except TimeoutError:
            raise (self.watch.made_way() if self._makes_way else self.watch.gave_up(rated)) from None
        finally:
            self._waiting = None
        self.watch.waited(time.monotonic() - self._asked, rated)
        return message
