"""One call of a family's streaming RPC: its place in the queue, its upload, its jobs, its evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any

from google.protobuf.message import Message

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import WORKER_LOST, AntiphonError
from chassis import evidence
from chassis.family.audio_format import clip_range, raw_format, track_number
from chassis.family.damage import LoadingWatch
from chassis.family.host import FamilyHost
from chassis.family.work import Work, queued
from chassis.reports import ProgressReport, SourceReport, WorkReport
from chassis.server import worker_metrics
from chassis.server.calls import note, peer
from chassis.spool import SpooledAudio
from chassis.upload import Upload
from chassis.worker import Job, LiveJob, LiveStream, Ticket

Forms = Mapping[type, Callable[[Any], Message]]
"""How each kind of event that a job yields is put into a response."""


class Call:
    """One call of a family's streaming RPC.

    Use as an async context; leaving it ends what was begun, frees the upload and the place in the queue. That is taken
    once the upload is whole, so that a slow one keeps nobody from a worker; until then it has a place among uploads.
    A service that is full refuses all the same at the beginning::

        async with Call(host, requests, FULL_NAME) as call:
            config = await call.config()
            async for response in call.answer("transcribe", request, forms):
                yield response

    With ``live``, the place is one of a live stream, and the job is fed while the upload comes.
    """

    def __init__(self, host: FamilyHost, requests: AsyncIterator[Any], service: str, live: bool = False) -> None:
        self._host = host
        self._service = service
        self._upload: Upload[Any] = Upload(requests, host.spool, host.server.upload_limits)
        self._tickets = [self._admit_live() if live else self._admit_upload()]
        self._live = live
        self._work = Work(service)
        self._streams: list[AsyncGenerator[Any, None]] = []
        self._audio: SpooledAudio | None = None
        self._arrived = False
        self._place_seconds = 0.0

    def _admit_upload(self) -> Ticket:
        self._host.pool.refuse_where_full()
        return self._host.uploads.admit(peer(), self._upload.make_way)

    def _admit_live(self) -> Ticket:
        return self._host.live.admit(peer(), self._upload.make_way)

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(self, *error: object) -> None:
        # The last one added runs first, and each runs whatever another raises: a second cancel may come while a stream
        # is being closed, and a place that is not given back then is lost for good.
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self._upload.__aexit__, *error)
            ending.callback(self._give_back)
            # A caller who leaves in the middle leaves these suspended, and the collector would close them only after
            # the place had been given to somebody else. The newest first: it may be reading from the one before it.
            for stream in self._streams:
                ending.push_async_callback(stream.aclose)

    def _give_back(self) -> None:
        for ticket in self._tickets:
            ticket.release()

    async def config(self) -> Any:
        """The config message; the first that must arrive."""
        return await self._upload.config()

    def more_work(self) -> Work:
        """A further job of this call, for :meth:`run` and :meth:`provenance`."""
        return Work(self._service)

    def take_place(self) -> None:
        """Takes a further place in the queue, for a job beside another.

        Raises:
            AntiphonError: QUEUE_FULL.
        """
        self._tickets.append(self._host.pool.admit())

    async def arrival(self, needs_audio: bool = True) -> AsyncGenerator[evidence_pb2.Progress, None]:
        """Takes in the upload and then a place in the queue, once; what is whole is not refused but waits.

        Yields that it waits, whenever it has fewer to wait for. Without ``needs_audio`` the upload may end with its
        config.
        """
        if self._arrived:
            return
        self._audio = await (self._upload.audio() if needs_audio else self._upload.audio_if_any())
        self._arrived, whole = True, time.monotonic()
        async with aclosing(self._host.pool.places()) as places:
            async for step in places:
                if isinstance(step, Ticket):
                    self._tickets.append(step)
                else:
                    yield queued(step)
        self._tickets.pop(0).release()
        self._place_seconds = time.monotonic() - whole

    def answer(
        self, verb: str, request: Any, forms: Forms, *, needs_audio: bool = True, work: Work | None = None
    ) -> AsyncGenerator[Any, None]:
        """Runs one job and yields its events as responses.

        Args:
            verb: Method of the family's jobs.
            request: What it is handed.
            forms: How each kind of event becomes a response, Progress among them.
            needs_audio: Whether the upload must hold audio; see :meth:`run`.
            work: The job, where it is not the call's only one.

        Raises:
            AntiphonError: what :meth:`run` or :meth:`run_live` raises.
            TypeError: the job yielded something that has no form, which would be lost in silence.
        """
        events = self.run_live(verb, request) if self._live else self.run(verb, request, needs_audio, work)
        return self._opened(_formed(verb, events, forms))

    def run(
        self, verb: str, request: Any, needs_audio: bool = True, work: Work | None = None
    ) -> AsyncGenerator[Any, None]:
        """Spools the audio, waits for a worker, and yields what the job yields.

        Waiting yields Progress messages; of the job's own events progress comes as a Progress message too, all others
        as they are. Without ``needs_audio`` the upload may end with its config, and the job's source is None then.
        Leaving the call closes the stream.

        Raises:
            AntiphonError: what the job raises; WORKER_LOST, and INPUT_KILLS_WORKER where the same audio took two
                workers within the hour.
        """
        return self._opened(self._run(verb, request, needs_audio, work or self._work))

    def run_live(self, verb: str, request: Any) -> AsyncGenerator[Any, None]:
        """Hands the audio on while it comes, and yields what the job yields meanwhile.

        Where the workers are still being started a Progress message says so. No more is read from the caller while the
        job has not taken what came, or the caller does not read the answer. Leaving the call closes the stream.

        Raises:
            AntiphonError: what the job raises; what is wrong with the chunks; UPLOAD_IDLE and UPLOAD_TOO_SLOW.
        """
        return self._opened(self._run_live(verb, request))

    def _opened(self, stream: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        self._streams.append(stream)
        return stream

    async def _run(self, verb: str, request: Any, needs_audio: bool, work: Work) -> AsyncGenerator[Any, None]:
        config = await self._upload.config()
        raw = raw_format(config.audio_format)
        track = track_number(config.audio_format)
        start, end = clip_range(config.clip if config.HasField("clip") else None)
        async with aclosing(self.arrival(needs_audio)) as waiting:
            async for progress in waiting:
                yield progress
        work.place_seconds = self._place_seconds
        path = None if self._audio is None else str(self._audio.path)
        job = Job(verb, request, path, self._host.limits, raw, start, end, track)
        self._host.losses.refuse(self._upload.sha256)
        watch = LoadingWatch(self._host.damaged)
        try:
            async with aclosing(work.run(self._host.pool, job)) as events:
                async for event in events:
                    watch.saw(event)
                    yield event
        except AntiphonError as error:
            if error.reason == WORKER_LOST and not watch.loading:
                self._host.losses.lost(self._upload.sha256)
            raise watch.judged(error) from error.__cause__
        self._host.losses.survived(self._upload.sha256)
        note(queue_seconds=round(work.queue_seconds, 4), bytes=self._upload.byte_count)

    async def _run_live(self, verb: str, request: Any) -> AsyncGenerator[Any, None]:
        config = await self._upload.config()
        raw = raw_format(config.audio_format)
        pcm_rate = None if raw is None else raw.frame_bytes * raw.sample_rate
        self._upload.watch.judge_by(self._host.server.upload_limits.live(pcm_rate, self._host.server.live_least_share))
        job = LiveJob(verb, request, self._host.live_limits, raw, track_number(config.audio_format))
        asked = time.monotonic()
        if not self._host.live.ready:
            yield evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_LOADING, step="starting a worker")
        stream = await self._host.live.open(job)
        self._work.began(time.monotonic() - asked)
        watch = LoadingWatch(self._host.damaged)
        async with stream:
            feeding = asyncio.create_task(self._feed(stream))
            try:
                async with aclosing(stream.events()) as events:
                    async for event in events:
                        told = evidence.progress(event) if isinstance(event, ProgressReport) else event
                        watch.saw(told)
                        yield told
            except AntiphonError as error:
                raise watch.judged(error) from error.__cause__
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
                note(bytes=self._upload.byte_count, unread_events_dropped=stream.dropped)

    async def _feed(self, stream: LiveStream) -> None:
        try:
            async with aclosing(self._upload.pieces()) as pieces:
                async for data in pieces:
                    await stream.feed(data)
            await stream.feed(b"", last=True)
        except Exception as error:
            # The answer is read elsewhere; it must end with what is wrong with the question.
            await stream.fail(error)

    def source(self, report: SourceReport) -> audio_pb2.SourceAudio:
        """The upload as a message; without its digest while a live stream goes on."""
        return evidence.source(report, self._upload.sha256)

    def provenance(
        self, report: WorkReport, source: SourceReport | None, config: Message, work: Work | None = None
    ) -> evidence_pb2.Provenance:
        """How this call's answer, or that of one of its jobs, was made."""
        worker_metrics.show_work(report)
        return (work or self._work).provenance(report, source, self._upload.sha256, config)


async def _formed(verb: str, events: AsyncGenerator[Any, None], forms: Forms) -> AsyncGenerator[Any, None]:
    async for event in events:
        form = forms.get(type(event))
        if form is None:
            raise TypeError(f"the job {verb} yielded a {type(event).__name__}, for which there is no response")
        yield form(event)
