"""The spool, the workers and the models of one family's service: what its servicer stands on."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from functools import partial

from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import AntiphonError
from chassis.family.damage import DamagedModels
from chassis.family.family import Family, Live
from chassis.family.losses import Losses
from chassis.family.selection import Selection
from chassis.family.set_models import refuse_unknown
from chassis.models import Manifest, Model, Store
from chassis.reading import Limits
from chassis.reports import ModelReadiness
from chassis.server import worker_metrics
from chassis.server.refusal import CannotStartError
from chassis.server.serving import Server
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.spool import Spool
from chassis.upload_places import UploadPlaces
from chassis.worker import LiveOptions, LivePool, Pool, WorkerOptions
from chassis.worker.memory_limit import default_limit
from chassis.worker.messages import Init
from chassis.worker.sandbox.enter import offered
from chassis.worker.sandbox.plan import Plan, plan_for

_SET_WRONG = ("DEVICE_NOT_AVAILABLE", "COMPUTE_TYPE_NOT_AVAILABLE")
"""Why loading at start fails that no model of the family is spared and no further start mends."""


class FamilyHost:
    """The spool, the workers and the models of one family's service."""

    def __init__(self, family: Family, server: ServerSettings, workers: WorkerSettings) -> None:
        self.family = family
        self.server = server
        self.workers = workers
        extra = workers.models_extra.absolute() if workers.models_extra is not None else None
        self.manifest = Manifest.load(family.manifest, extra)
        refuse_unknown(family.name, family.settings, self.manifest)
        self.store = Store(workers.models.expanduser(), self.manifest, workers.licence_policy)
        own = None if family.own is None else partial(family.own, self.store)
        self.selection = Selection.of(family.name, family.engines, family.settings, self.manifest, own)
        self.damaged = DamagedModels(self.store)
        self.losses = Losses()
        self.spool = Spool(server.spool_dir, server.spool_bytes, server.upload_bytes)
        self.uploads = UploadPlaces(server.max_uploads, server.peer_uploads, server.upload_window_seconds)
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
            memory_limit_bytes=self._memory_limit(workers.worker_count),
            warm=workers.warm,
            models_extra=str(extra) if extra is not None else "",
            licence_policy=workers.licence_policy,
            sandbox=self._sandbox(),
        )
        self._lay_out()
        self.pool = Pool(
            init,
            WorkerOptions(
                count=workers.worker_count,
                max_pending=workers.max_pending,
                cancel_grace_seconds=workers.cancel_grace_seconds,
                recycle_growth_bytes=workers.recycle_growth_bytes or None,
                environment=environment,
                events=family.events,
            ),
        )
        live = family.live or Live(streams=0, processes=1, max_seconds=0.0)
        processes = max(1, live.processes)
        self.live = LivePool(
            replace(init, live=True, memory_limit_bytes=self._memory_limit(processes)),
            LiveOptions(
                live.streams,
                processes,
                peer_streams=-(-2 * live.streams // 3)
                if server.peer_live_streams is None
                else server.peer_live_streams,
                environment=environment,
                events=family.events,
                allowed_by=f"{family.name.upper()}_LIVE_STREAMS",
            ),
        )
        self.live_limits = _limits(workers, live.max_seconds)
        self.limits = _limits(workers, workers.max_audio_seconds)

    def _memory_limit(self, processes: int) -> int | None:
        if self.workers.memory_limit_bytes is not None:
            return self.workers.memory_limit_bytes or None
        return default_limit(processes, getattr(self.family.settings, "device", "cpu"))

    def _lay_out(self) -> None:
        """Gives the installed models' files their names: workers cannot write into the store."""
        for model in self.manifest.models:
            # Of a store that is read-only the worker says what is missing.
            with contextlib.suppress(AntiphonError):
                if self.store.installed(model.name):
                    self.store.lay_out(self.store.model(model.name))

    def _sandbox(self) -> Plan:
        lacks = offered().no_landlock
        if self.workers.sandbox == "require" and lacks:
            raise CannotStartError(
                f"{self.family.name.upper()}_SANDBOX is require and this system has {lacks}; it needs Linux 5.13 or "
                "later with landlock among its LSMs, and a container that lets it be used; give auto to start without"
            )
        caches = tuple(self.store.root / each for each in self.family.caches)
        # A rule holds for what is there when a worker starts; models may be pulled later into a store that is not yet.
        for folder in (self.store.root, *caches):
            with contextlib.suppress(OSError):  # of a store that is read-only; what would be kept is made each time
                folder.mkdir(parents=True, exist_ok=True)
        extra = self.workers.models_extra
        return plan_for(
            self.workers.sandbox,
            getattr(self.family.settings, "device", "cpu"),
            read=(self.store.root, self.family.manifest, *((extra.absolute(),) if extra is not None else ())),
            write=caches,
            compiles=self.family.compiles,
        )

    def report_to(self, server: Server) -> None:
        """Has the server tell how the workers are, and be ready while one for recordings is."""
        server.ready_when(lambda: self.pool.ready)
        server.report_models(self.readiness)
        server.report_workers("workers", lambda: self.pool.status)
        if self.live.options.streams > 0:
            server.report_workers("live_workers", lambda: self.live.status)

        def changed() -> None:
            problem = self.pool.problem
            if problem is not None:
                self.damaged.learn(problem, self._default())
                # Of a worker that took another's place the device was there once: that is a fault, which may pass.
                if problem.reason in _SET_WRONG and self.pool.fresh:
                    server.give_up(str(problem))
            server.refresh()

        self.pool.on_change = self.live.on_change = changed
        self.pool.on_loads = self.live.on_loads = partial(worker_metrics.show_loads, self.manifest.find)
        self._show_workers()

    def _show_workers(self) -> None:
        worker_metrics.show_workers("file", lambda: self.pool.status.kept, lambda: self.pool.status)
        if (streams := self.live.options.streams) > 0:
            worker_metrics.show_workers("live", lambda: streams, lambda: self.live.status)
        worker_metrics.show_gpus()

    def start(self) -> None:
        """Starts the workers in the background."""
        self.pool.start()
        self.live.start()

    async def close(self) -> None:
        """Ends the workers and removes the spool."""
        await asyncio.gather(self.pool.stop(), self.live.stop())
        self.spool.close()

    def require(self, model: str = "", engine: str = "") -> None:
        """Refuses a call by its config, before its upload: its model is not known, not allowed or not installed.

        Args:
            model: The one that the call names; empty for the default one.
            engine: Likewise.

        Raises:
            AntiphonError: what :meth:`Selection.choose` and :meth:`Store.check` raise.
        """
        self.need(self.selection.choose(model, engine).name)

    def need(self, name: str) -> None:
        """Refuses a call by its config where a model of the manifest is not there; raises as :meth:`Store.check`."""
        self.store.check(name)
        # Files that were put into the store since the start have no names yet, which a worker could not give them.
        with contextlib.suppress(AntiphonError):
            self.store.lay_out(self.store.model(name))

    def models(self) -> list[evidence_pb2.ModelInfo]:
        """Lists every model of the manifest: whether it is installed, and whether a call without a model gets it."""
        default = self._default()
        return [self._model_info(self.store.model(model.name), default) for model in self.manifest.models]

    def readiness(self) -> list[ModelReadiness]:
        """Tells of every model of the manifest whether it can answer, as far as is known without reading its files."""
        default = self._default()
        return [self._readiness(self.store.model(model.name), default) for model in self.manifest.models]

    def _default(self) -> str:
        """The model that answers where a call names none; empty for a family that answers with several."""
        return self.selection.default() if self.family.engines else ""

    def _readiness(self, model: Model, default: str) -> ModelReadiness:
        chosen, command = self._is_default(model, default), f"antiphon models pull {model.name}"
        if not self.store.installed(model.name):
            return ModelReadiness(model.name, model.engine, chosen, "not installed", command=command)
        if problem := self.damaged.problem(model.name):
            return ModelReadiness(model.name, model.engine, chosen, "damaged", problem, command)
        return ModelReadiness(model.name, model.engine, chosen, "ready")

    def _is_default(self, model: Model, default: str) -> bool:
        return model.name == default if self.family.engines else model.default

    def _model_info(self, model: Model, default: str) -> evidence_pb2.ModelInfo:
        info = evidence_pb2.ModelInfo(
            identity=evidence_pb2.ModelIdentity(
                name=model.name,
                revision=model.revision,
                weights_sha256={file.name: file.sha256 for file in model.files if file.sha256},
                license_spdx=model.license_spdx,
                commercial_use=model.commercial_use,
                digest_source=model.digest_source,
            ),
            engine=model.engine,
            installed=self.store.installed(model.name) and not self.damaged.holds(model.name),
            default_model=self._is_default(model, default),
            download_bytes=model.download_bytes or 0,
            install_command=f"antiphon models pull {model.name}",
        )
        if model.memory_bytes is not None:
            info.memory_bytes = model.memory_bytes
        return info


def _limits(workers: WorkerSettings, max_seconds: float) -> Limits:
    return Limits(
        max_seconds=max_seconds,
        max_decoded_bytes=workers.max_decoded_bytes,
        max_wall_seconds=workers.max_decode_seconds,
    )
