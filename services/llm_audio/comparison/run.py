"""A comparison under way: each side a job of its own, in turn or side by side, then the judgement of their texts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from antiphon.audio.v1 import audio_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from chassis.family.call import Call
from chassis.family.host import FamilyHost
from chassis.reports import WarningReport
from chassis.server.calls import INTERNAL
from services.llm_audio import contract
from services.llm_audio.comparison.request import CANNOT, Agreement, ComparisonRequest, JudgeRequest, Side, Texts
from services.llm_audio.messages import comparison as messages

log = logging.getLogger(__name__)

Event = TypeVar("Event")

_OF_THE_CALL = ("INVALID_ARGUMENT", "DATA_LOSS")
"""Codes of what is wrong with what the caller sent, and so with every side."""
_NOT_OF_THE_SIDE = ("UNIMPLEMENTED", "FAILED_PRECONDITION")
"""Codes of what a side cannot do, whatever the reason."""
_WAITING_EVENTS = 4
"""Events of sides side by side that may wait for the caller to read."""


class Comparison:
    """One call of Compare.

    Args:
        host: The family's workers and models.
        call: The call.
    """

    def __init__(self, host: FamilyHost, call: Call) -> None:
        self._host = host
        self._call = call
        self._texts: dict[str, list[str]] = {}
        self._source: audio_pb2.SourceAudio | None = None

    async def responses(self) -> AsyncGenerator[pb.CompareResponse, None]:
        """Yields the whole answer.

        Raises:
            AntiphonError: what is wrong with the call itself.
        """
        config = await self._call.config()
        request = messages.comparison_request(config)
        yield pb.CompareResponse(header=self._header(request, config))
        async with aclosing(self._call.arrival(needs_audio=False)) as waiting:
            async for progress in waiting:
                yield messages.side_response(request.sides[0].name, progress)
        runs = [self._run(side, config) for side in request.sides]
        if request.side_by_side:
            for _ in runs[1:]:
                self._call.take_place()
        async with aclosing(merged(runs) if request.side_by_side else chained(runs)) as responses:
            async for response in responses:
                yield response
        yield pb.CompareResponse(summary=await self._summary(request))

    def _header(self, request: ComparisonRequest, config: pb.ComparisonConfig) -> pb.ComparisonHeader:
        sides = []
        for index, side in enumerate(request.sides):
            engine, model = side.request.engine, ""
            try:
                found = self._host.selection.choose(side.request.model, engine, f"config.sides[{index}]")
                engine, model = found.engine, found.name
            except AntiphonError as error:
                if error.code in _OF_THE_CALL:
                    raise
                # The side's own job meets it again, and its outcome tells.
            sides.append(pb.Side(name=side.name, engine=engine, model=model, sampling=config.sides[index].sampling))
        return pb.ComparisonHeader(sides=sides, prompts=[each.name for each in request.sides[0].request.prompts])

    async def _run(self, side: Side, config: pb.ComparisonConfig) -> AsyncGenerator[pb.CompareResponse, None]:
        """Yields what one side says, and its outcome."""
        call, work, name = self._call, self._call.more_work(), side.name
        texts: list[str] = []
        outcome = pb.SideOutcome()
        try:
            async for event in call.run("describe", side.request, needs_audio=False, work=work):
                if isinstance(event, contract.Answer):
                    texts.append(event.text)
                if isinstance(event, contract.Summary):
                    outcome = messages.answered_outcome(name, event, call, config, work)
                # A side's own header says nothing that the comparison's does not.
                elif not isinstance(event, contract.Header):
                    yield messages.side_response(name, event)
            self._texts[name] = texts
            if outcome.summary.HasField("source"):
                self._source = outcome.summary.source
        except AntiphonError as error:
            cannot = error.reason in CANNOT or error.code in _NOT_OF_THE_SIDE
            # What is wrong with the call ends it, unless another side could make something of it.
            if error.code in _OF_THE_CALL and not cannot and not self._texts:
                raise
            outcome = messages.unanswered_outcome(name, error, unsupported=cannot)
        except RuntimeError:
            log.exception("the side %s failed", name)
            outcome = messages.unanswered_outcome(name, INTERNAL, unsupported=False)
        yield pb.CompareResponse(outcome=outcome)

    async def _summary(self, request: ComparisonRequest) -> pb.ComparisonSummary:
        names = [side.name for side in request.sides]
        answered = [name for name in names if name in self._texts]
        return messages.comparison_summary(
            self._source,
            await self._judged(request, answered) if len(answered) > 1 else [],
            self._remarks(request),
            answered,
            [name for name in names if name not in self._texts],
        )

    async def _judged(self, request: ComparisonRequest, answered: Sequence[str]) -> list[Agreement]:
        """Has a worker hold the texts against each other: it is work, and the front computes nothing."""
        prompts = tuple(each.name for each in request.sides[0].request.prompts)
        texts = tuple(Texts(name, tuple(self._texts[name])) for name in answered)
        events = self._call.run("judge", JudgeRequest(prompts, texts), needs_audio=False, work=self._call.more_work())
        return [event async for event in events if isinstance(event, Agreement)]

    def _remarks(self, request: ComparisonRequest) -> list[WarningReport]:
        sides, workers = len(request.sides), self._host.workers.worker_count
        if not request.side_by_side or workers >= sides:
            return []
        message = f"{sides} sides were to answer side by side, and there are {workers} workers; the rest waited"
        return [WarningReport("SIDES_IN_TURN", message, "side_by_side")]


async def chained(streams: Sequence[AsyncGenerator[Event, None]]) -> AsyncGenerator[Event, None]:
    """Yields what each stream yields, one stream after the other."""
    for stream in streams:
        async with aclosing(stream):
            async for event in stream:
                yield event


@dataclass(frozen=True)
class _End:
    """What a stream leaves behind in the queue: nothing, or what it failed of."""

    failure: Exception | None = None


async def merged(streams: Sequence[AsyncGenerator[Event, None]]) -> AsyncGenerator[Event, None]:
    """Yields what all streams yield as it comes; the first that fails ends all. They wait while nobody reads."""
    # Bounded: a side that writes faster than the caller reads has its worker wait, not this process hold its text.
    queue: asyncio.Queue[Event | _End] = asyncio.Queue(_WAITING_EVENTS)

    async def pump(stream: AsyncGenerator[Event, None]) -> None:
        end = _End()
        try:
            async with aclosing(stream):
                async for event in stream:
                    await queue.put(event)
        except Exception as error:
            end = _End(error)
        await queue.put(end)

    tasks = [asyncio.create_task(pump(stream)) for stream in streams]
    try:
        left = len(tasks)
        while left:
            event = await queue.get()
            if not isinstance(event, _End):
                yield event
            elif event.failure is not None:
                raise event.failure
            else:
                left -= 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
