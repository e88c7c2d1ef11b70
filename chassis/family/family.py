"""What a model family's servicer stands on: uploads in, jobs to the workers, evidence out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import invalid
from chassis import evidence
from chassis.family.work import Work
from chassis.models import Manifest, Model, Store
from chassis.reading import Limits, RawPcm
from chassis.reports import ProgressFacts, SourceFacts, WorkFacts
from chassis.server import telemetry
from chassis.server.calls import note
from chassis.server.serving import Server
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.upload import Spool, SpooledAudio, Upload
from chassis.worker import Job, LiveJob, LiveOptions, LivePool, LiveStream, Pool, WorkerOptions
from chassis.worker.messages import Init

_RAW = {audio_pb2.INPUT_ENCODING_PCM_S16LE: "s16le", audio_pb2.INPUT_ENCODING_PCM_F32LE: "f32le"}


@dataclass(frozen=True)
class Live:
    """How a family hosts live streams; see :class:`chassis.worker.LiveOptions`.

    Attributes:
        streams: Streams at once.
        processes: Workers for them, beside those for files.
        max_seconds: Length of audio that one stream may have, in seconds.
    """

    streams: int
    processes: int
    max_seconds: float


@dataclass(frozen=True)
class Family:
    """What sets one model family apart.

    Attributes:
        name: Folder, package and prefix, such as ``speech``.
        jobs: ``module:Class`` that runs in the worker.
        settings: The family's own settings; ``thread_count``, where it has one, is handed to the numeric libraries.
        manifest: Path of its models.toml.
        live: How it hosts live streams; None for a family that has none.
    """

    name: str
    jobs: str
    settings: Any
    manifest: Path
    live: Live | None = None


class FamilyHost:
    """The spool, the workers and the models of one family's service."""

    def __init__(self, family: Family, server: ServerSettings, workers: WorkerSettings) -> None:
        self.family = family
        self.server = server
        self.workers = workers
        extra = workers.models_extra.absolute() if workers.models_extra is not None else None
        self.manifest = Manifest.load(family.manifest, extra)
        self.store = Store(workers.models.expanduser(), self.manifest, workers.licence_policy)
        self.spool = Spool(server.spool_dir, server.spool_bytes, server.upload_bytes)
        threads = str(getattr(family.settings, "thread_count", 1))
        # Idle OpenMP threads that spin cost the others their core; glibc's arenas keep freed memory; a library that
        # finds no file must fail and not go to a hub.
        environment = {
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OMP_WAIT_POLICY": "passive",
            "MALLOC_ARENA_MAX": "2",
            "HF_HUB_OFFLINE": "1",
        }
        init = Init(
            jobs=family.jobs,
            settings=family.settings,
            manifest=str(family.manifest),
            models_root=str(self.store.root),
            memory_limit_bytes=workers.memory_limit_bytes or None,
            warm=workers.warm,
            models_extra=str(extra) if extra is not None else "",
            licence_policy=workers.licence_policy,
        )
        self.pool = Pool(
            init,
            WorkerOptions(
                count=workers.worker_count,
                max_pending=workers.max_pending,
                cancel_grace_seconds=workers.cancel_grace_seconds,
                recycle_growth_bytes=workers.recycle_growth_bytes or None,
                environment=environment,
            ),
        )
        live = family.live or Live(streams=0, processes=1, max_seconds=0.0)
        self.live = LivePool(
            replace(init, live=True), LiveOptions(live.streams, max(1, live.processes), environment=environment)
        )
        self.live_limits = Limits(live.max_seconds, workers.max_decoded_bytes, workers.max_decode_seconds)
        self.limits = Limits(workers.max_audio_seconds, workers.max_decoded_bytes, workers.max_decode_seconds)

    def report_to(self, server: Server) -> None:
        """Has the server tell how the workers are, and be ready while one for recordings is."""
        server.ready_when(lambda: self.pool.ready)
        server.report_workers("workers", lambda: self.pool.status)
        if self.live.options.streams > 0:
            server.report_workers("live_workers", lambda: self.live.status)

        def changed() -> None:
            self.show_workers()
            server.refresh()

        self.pool.on_change = self.live.on_change = changed

    def show_workers(self) -> None:
        """Brings the metrics up to date."""
        telemetry.show_workers("file", self.pool.status)
        if self.live.options.streams > 0:
            telemetry.show_workers("live", self.live.status)

    def start(self) -> None:
        """Starts the workers in the background."""
        self.show_workers()
        self.pool.start()
        self.live.start()

    async def close(self) -> None:
        """Ends the workers and removes the spool."""
        await asyncio.gather(self.pool.stop(), self.live.stop())
        self.spool.close()

    def models(self) -> list[evidence_pb2.ModelInfo]:
        """Every model of the manifest, with whether it is installed."""
        return [self._model_info(self.store.model(model.name)) for model in self.manifest.models]

    def _model_info(self, model: Model) -> evidence_pb2.ModelInfo:
        info = evidence_pb2.ModelInfo(
            identity=evidence_pb2.ModelIdentity(
                name=model.name,
                revision=model.revision,
                weights_sha256={file.name: file.sha256 for file in model.files if file.sha256},
                license_spdx=model.license_spdx,
                commercial_use=model.commercial_use,
            ),
            engine=model.engine,
            installed=self.store.installed(model.name),
            default_model=model.default,
            download_bytes=model.download_bytes,
            install_command=f"antiphon models pull {model.name}",
        )
        if model.memory_bytes is not None:
            info.memory_bytes = model.memory_bytes
        return info


class Call:
    """One call of a family's streaming RPC.

    Use as an async context; leaving it frees the upload and the place in the queue::

        async with Call(host, requests) as call:
            config = await call.config()
            async for event in call.run("transcribe", request): ...

    With ``live``, the place is one of a live stream, and :meth:`run_live` stands for :meth:`run`.
    """

    def __init__(self, host: FamilyHost, requests: AsyncIterator[Any], service: str, live: bool = False) -> None:
        self._host = host
        self._service = service
        self._upload: Upload[Any] = Upload(requests, host.spool, host.server.upload_idle_seconds)
        self._tickets = [(host.live if live else host.pool).admit()]
        host.show_workers()
        self._work = Work(service)
        self._audio: SpooledAudio | None = None
        self._spooled = False

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(self, *error: object) -> None:
        for ticket in self._tickets:
            ticket.release()
        self._host.show_workers()
        await self._upload.__aexit__(*error)

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
        self._host.show_workers()

    async def spool(self, needs_audio: bool = True) -> SpooledAudio | None:
        """Takes in the upload, once; without ``needs_audio`` it may end with its config, which gives None."""
        if not self._spooled:
            self._audio = await (self._upload.audio() if needs_audio else self._upload.audio_if_any())
            self._spooled = True
        return self._audio

    async def run(
        self, verb: str, request: Any, needs_audio: bool = True, work: Work | None = None
    ) -> AsyncGenerator[Any, None]:
        """Spools the audio, waits for a worker, and yields what the job yields.

        Waiting yields Progress messages; of the job's own events progress comes as a Progress message too, all others
        as they are. Without ``needs_audio`` the upload may end with its config, and the job's source is None then.
        """
        config = await self._upload.config()
        raw = raw_format(config.audio_format)
        start, end = clip_range(config.clip if config.HasField("clip") else None)
        audio = await self.spool(needs_audio)
        path = None if audio is None else str(audio.path)
        work = work or self._work
        job = Job(verb, request, path, self._host.limits, raw, start, end)
        async with aclosing(work.run(self._host.pool, job)) as events:
            async for event in events:
                yield event
        note(queue_seconds=round(work.queue_seconds, 4), bytes=self._upload.byte_count)

    async def run_live(self, verb: str, request: Any) -> AsyncGenerator[Any, None]:
        """Hands the audio on while it comes, and yields what the job yields meanwhile.

        Where the workers are still being started a Progress message says so. No more is read from the caller while the
        job has not taken what came, or the caller does not read the answer.

        Raises:
            AntiphonError: what the job raises; what is wrong with the chunks, UPLOAD_IDLE among them.
        """
        config = await self._upload.config()
        job = LiveJob(verb, request, self._host.live_limits, raw_format(config.audio_format))
        asked = time.monotonic()
        if not self._host.live.ready:
            yield evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_LOADING, step="starting a worker")
        stream = await self._host.live.open(job)
        self._work.began(time.monotonic() - asked)
        async with stream:
            feeding = asyncio.create_task(self._feed(stream))
            try:
                async with aclosing(stream.events()) as events:
                    async for event in events:
                        yield evidence.progress(event) if isinstance(event, ProgressFacts) else event
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

    def source(self, facts: SourceFacts) -> audio_pb2.SourceAudio:
        """The upload as a message; without its digest while a live stream goes on."""
        return evidence.source(facts, self._upload.sha256)

    def provenance(
        self, facts: WorkFacts, source: SourceFacts | None, config: Message, work: Work | None = None
    ) -> evidence_pb2.Provenance:
        """How this call's answer, or that of one of its jobs, was made."""
        return (work or self._work).provenance(facts, source, self._upload.sha256, config)


def raw_format(format_: audio_pb2.AudioFormat) -> RawPcm | None:
    """How to read headerless PCM; None for a container.

    Raises:
        AntiphonError: AUDIO_FORMAT where rate or channels are missing, superfluous or out of range.
    """
    encoding = _RAW.get(format_.encoding)
    path = "config.audio_format"
    if encoding is None:
        if format_.encoding not in (
            audio_pb2.INPUT_ENCODING_UNSPECIFIED,
            audio_pb2.INPUT_ENCODING_CONTAINER,
        ):
            raise invalid(
                "AUDIO_FORMAT", f"encoding {format_.encoding} is not known; see InputEncoding", field=f"{path}.encoding"
            )
        for name in ("sample_rate_hertz", "channel_count"):
            if format_.HasField(name):
                raise invalid(
                    "AUDIO_FORMAT", f"{name} is for PCM only; a container says it itself", field=f"{path}.{name}"
                )
        return None
    rate, channels = format_.sample_rate_hertz, format_.channel_count
    if not 4_000 <= rate <= 384_000:
        raise invalid(
            "AUDIO_SAMPLE_RATE",
            f"PCM at {rate} Hz; give sample_rate_hertz from 4000 to 384000",
            field=f"{path}.sample_rate_hertz",
            sample_rate=rate,
        )
    if not 1 <= channels <= 8:
        raise invalid(
            "AUDIO_CHANNEL_COUNT",
            f"PCM with {channels} channels; give channel_count from 1 to 8",
            field=f"{path}.channel_count",
            channels=channels,
        )
    return RawPcm(encoding, rate, channels)


def clip_range(clip: audio_pb2.ClipRange | None) -> tuple[float, float | None]:
    """Start and end of a clip in seconds; the end None for the end of the audio.

    Raises:
        AntiphonError: CLIP_RANGE where it is empty or starts before the beginning.
    """
    if clip is None:
        return 0.0, None
    start = clip.start_offset.ToNanoseconds() / 1e9
    end = clip.end_offset.ToNanoseconds() / 1e9 if clip.HasField("end_offset") else None
    if start < 0 or (end is not None and end <= start):
        raise invalid(
            "CLIP_RANGE",
            f"the clip runs from {start:g} s to {'the end' if end is None else end}; it must end after its start",
            field="config.clip",
            start_seconds=start,
            end_seconds=end,
        )
    return start, end
