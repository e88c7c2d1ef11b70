"""A comparison under way: each side a job of its own, in turn or side by side, then the judgement of their texts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis import evidence
from chassis.family.audio_format import clip_range
from chassis.family.call import Call
from chassis.family.host import FamilyHost
from chassis.reports import WarningFacts
from chassis.server.calls import INTERNAL
from services.llm_audio import contract as engine
from services.llm_audio import messages as convert
from services.llm_audio.choosing import chosen_model
from services.llm_audio.comparison import CANNOT, Agreement, ComparisonRequest, JudgeRequest, Side, Texts

log = logging.getLogger(__name__)

_OF_THE_CALL = ("INVALID_ARGUMENT", "DATA_LOSS")
_WAITING_EVENTS = 4


class Comparing:
    """One call of Compare.

    Args:
        host: The family's workers and models.
        call: The call.
    """

    def __init__(self, host: FamilyHost, call: Call) -> None:
        self._host = host
        self._call = call
        self._texts: dict[str, list[str]] = {}
        self._answered: set[str] = set()
        self._source: audio_pb2.SourceAudio | None = None

    async def responses(self) -> AsyncGenerator[pb.CompareResponse, None]:
        """Yields the whole answer.

        Raises:
            AntiphonError: what is wrong with the call itself.
        """
        config = await self._call.config()
        clip_range(config.clip if config.HasField("clip") else None)
        request = convert.comparison_request(config)
        yield pb.CompareResponse(header=self._header(request, config))
        await self._call.spool(needs_audio=False)
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
            asked, engine_name, model = side.request, side.request.engine, ""
            try:
                field = f"config.sides[{index}]"
                found = chosen_model(asked.engine, asked.model, self._host.manifest, self._host.family.settings, field)
                engine_name, model = found.engine, found.name
            except AntiphonError as error:
                if error.code in _OF_THE_CALL:
                    raise
                # The side's own job meets it again, and its outcome tells.
            own = config.sides[index].sampling
            sides.append(pb.Side(name=side.name, engine=engine_name, model=model, sampling=own))
        return pb.ComparisonHeader(sides=sides, prompts=[each.name for each in request.sides[0].request.prompts])

    async def _run(self, side: Side, config: pb.ComparisonConfig) -> AsyncGenerator[pb.CompareResponse, None]:
        """Yields what one side says, and its outcome."""
        call, work, name = self._call, self._call.more_work(), side.name
        outcome = pb.SideOutcome(side=name)
        texts: list[str] = []
        try:
            async with aclosing(call.run("describe", side.request, needs_audio=False, work=work)) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.CompareResponse(progress=pb.SideProgress(side=name, progress=event))
                    elif isinstance(event, engine.Piece):
                        piece = convert.piece_message(event)
                        yield pb.CompareResponse(piece=pb.SidePiece(side=name, piece=piece))
                    elif isinstance(event, engine.Answer):
                        texts.append(event.text)
                        answer = convert.answer_message(event)
                        yield pb.CompareResponse(answer=pb.SideAnswer(side=name, answer=answer))
                    elif isinstance(event, engine.Summary):
                        source = None if event.source is None else call.source(event.source)
                        self._source = source or self._source
                        provenance = call.provenance(event.work, event.source, config, work)
                        outcome.summary.CopyFrom(convert.summary_message(event, source, provenance))
                        outcome.measures.CopyFrom(convert.measures_message(event.measured))
            outcome.state = pb.SIDE_STATE_ANSWERED
            self._answered.add(name)
            self._texts[name] = texts
        except AntiphonError as error:
            mine = error.reason in CANNOT or error.code == "UNIMPLEMENTED" or error.code == "FAILED_PRECONDITION"
            # What is wrong with the call ends it, unless another side could make something of it.
            if error.code in _OF_THE_CALL and not mine and not self._answered:
                raise
            outcome.state = pb.SIDE_STATE_UNSUPPORTED if mine else pb.SIDE_STATE_FAILED
            outcome.error.CopyFrom(status.to_rpc_status(error))
        except RuntimeError:
            log.exception("the side %s failed", name)
            outcome.state = pb.SIDE_STATE_FAILED
            outcome.error.CopyFrom(status.to_rpc_status(INTERNAL))
        yield pb.CompareResponse(outcome=outcome)

    async def _summary(self, request: ComparisonRequest) -> pb.ComparisonSummary:
        names = [side.name for side in request.sides]
        answered = [name for name in names if name in self._answered]
        agreements = []
        if len(answered) > 1:
            prompts = tuple(each.name for each in request.sides[0].request.prompts)
            texts = tuple(Texts(name, tuple(self._texts[name])) for name in answered)
            asked = JudgeRequest(prompts, texts)
            work = self._call.more_work()
            async with aclosing(self._call.run("judge", asked, needs_audio=False, work=work)) as events:
                agreements = [
                    convert.agreement_message(event) async for event in events if isinstance(event, Agreement)
                ]
        warnings = []
        workers = self._host.workers.worker_count
        if request.side_by_side and workers < len(names):
            message = (
                f"{len(names)} sides were to answer side by side, and there are {workers} workers; the rest waited"
            )
            warnings.append(WarningFacts("SIDES_IN_TURN", message, "side_by_side"))
        return pb.ComparisonSummary(
            source=self._source,
            agreements=agreements,
            warnings=evidence.warnings(warnings),
            answered=answered,
            unanswered=[name for name in names if name not in self._answered],
        )


async def chained(streams: Sequence[AsyncGenerator[Any, None]]) -> AsyncGenerator[Any, None]:
    """Yields what each stream yields, one stream after the other."""
    for stream in streams:
        async with aclosing(stream):
            async for event in stream:
                yield event


async def merged(streams: Sequence[AsyncGenerator[Any, None]]) -> AsyncGenerator[Any, None]:
    """Yields what all streams yield as it comes; the first that fails ends all. They wait while nobody reads."""
    queue: asyncio.Queue[tuple[Any, bool, Exception | None]] = asyncio.Queue(_WAITING_EVENTS)

    async def pump(stream: AsyncGenerator[Any, None]) -> None:
        failure: Exception | None = None
        try:
            async with aclosing(stream):
                async for event in stream:
                    await queue.put((event, False, None))
        except Exception as error:
            failure = error
        await queue.put((None, True, failure))

    tasks = [asyncio.create_task(pump(stream)) for stream in streams]
    try:
        left = len(tasks)
        while left:
            event, ended, failure = await queue.get()
            if failure is not None:
                raise failure
            if ended:
                left -= 1
            else:
                yield event
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
