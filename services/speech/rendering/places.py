"""The places of renderings: so many at once, so many that wait, and an end of each whose caller has left."""

from __future__ import annotations

import asyncio
import sys
import time

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_wire.errors import busy, invalid
from chassis.admission import Admission
from services.speech.rendering import process

AT_ONCE = 2
"""Renderings under way at a time."""
MAX_HELD = 8
"""Renderings under way and waiting, each of which may hold some ten megabytes."""
SMALL_BYTES = 32 << 10
"""Bytes of a request that is rendered in some milliseconds, which is less than a process takes to start."""
_GUESSED_SECONDS = 1.0
"""How long a rendering is thought to take until the first has been measured."""
_LEAST_SECONDS = 0.1


class Renderings:
    """Renders what callers ask for, beside the event loop."""

    def __init__(self) -> None:
        self._places = Admission(MAX_HELD, _GUESSED_SECONDS)
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: pb.RenderTranscriptRequest) -> pb.RenderTranscriptResponse:
        """Renders; leaving ends the rendering.

        Raises:
            AntiphonError: QUEUE_FULL, and the reasons of :class:`antiphon_renderers.RenderError` as INVALID_ARGUMENT.
        """
        if self._places.full:
            seconds = max(_LEAST_SECONDS, self._places.until_free())
            raise busy(
                "QUEUE_FULL",
                f"{MAX_HELD} renderings are under way or waiting; come back in {seconds:.1f} s",
                seconds,
                limit=MAX_HELD,
            )
        place, began = self._places.take(), time.monotonic()
        try:
            async with self._at_once:
                if request.ByteSize() <= SMALL_BYTES:
                    answer = await asyncio.to_thread(renderers.answer, request)
                else:
                    answer = process.read(await _in_process(request.SerializeToString()))
            self._places.learn(time.monotonic() - began)
            return answer
        except renderers.RenderError as error:
            raise invalid(error.reason, str(error), field=error.field) from error
        finally:
            place.release()


async def _in_process(data: bytes) -> bytes:
    """Gives what a process of its own makes of a request; one that is not waited for any more is killed.

    Raises:
        RuntimeError: it ended without an answer.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        process.__name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await child.communicate(data)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or not output:
        raise RuntimeError(f"a rendering of {len(data)} bytes ended with {child.returncode}")
    return output
