"""The live workers of a service, which host many streams each, and who is admitted to them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from antiphon_wire.errors import AntiphonError, busy, not_ready
from chassis.admission import Ticket
from chassis.reports import LoadReport, PoolStatus
from chassis.shared_places import SharedPlaces, of_this_machine
from chassis.worker.live_stream import LiveHost, LiveOptions, LiveStream
from chassis.worker.messages import Init, LiveJob
from chassis.worker.process import Process, WorkerDiedError
from chassis.worker.respawn import Keeper

LATE_SECONDS = 5.0
"""Lag of a stream from which on no further one is admitted: whatever was measured elsewhere, this machine is full."""
_FIRST_GUESS_SECONDS = 5.0  # until a place is free, before any stream has ended
_LONGEST_GUESS_SECONDS = 60.0


class LivePool:
    """The live workers of one service, apart from those for files: a long file never delays a live stream.

    Args:
        init: What each worker becomes; ``live`` must be set.
        options: How they are kept.
        on_change: Called whenever readiness may have changed.

    Attributes:
        on_loads: Takes what workers say of models that they loaded.
    """

    def __init__(self, init: Init, options: LiveOptions, on_change: Callable[[], None] = lambda: None) -> None:
        self.options = options
        self.on_change = on_change
        self.on_loads: Callable[[tuple[LoadReport, ...]], None] = lambda loads: None
        self._keeper = Keeper(init, options.environment, options.events, "live worker", self._attend, self._tell)
        self._hosts: list[LiveHost] = []
        self._cleanups: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._ids = itertools.count(1)
        self._places = SharedPlaces(options.streams, options.peer_streams, _FIRST_GUESS_SECONDS, _LONGEST_GUESS_SECONDS)

    @property
    def ready(self) -> bool:
        """Whether a worker is up."""
        return bool(self._hosts)

    @property
    def restarts(self) -> int:
        """Workers that died since the start."""
        return self._keeper.restarts

    @property
    def status(self) -> PoolStatus:
        """How the workers are just now."""
        return self._keeper.status(self._places.held, self._places.limit)

    @property
    def admitted(self) -> int:
        """Streams that hold a place."""
        return self._places.held

    @property
    def pids(self) -> list[int]:
        """Process ids of the live workers."""
        return [host.process.pid for host in self._hosts]

    def start(self) -> None:
        """Starts the first worker in the background; none where no streams are allowed."""
        if self.options.streams > 0:
            self._keeper.keep()

    async def stop(self) -> None:
        """Kills the workers; streams under way end with WORKER_LOST."""
        await self._keeper.stop()
        for task in self._cleanups:
            task.cancel()
        await asyncio.gather(*self._cleanups, return_exceptions=True)

    def admit(self, peer: str = "", make_way: Callable[[], bool] = lambda: False) -> Ticket:
        """Takes a place. A live stream cannot wait for one: what is said meanwhile would be late for ever.

        Args:
            peer: Address of the caller.
            make_way: See :meth:`chassis.shared_places.SharedPlaces.take`.

        Raises:
            AntiphonError: LIVE_NOT_SERVED where this server takes none; LIVE_STREAMS_FULL where it has as many as it
                may, the address has its share, or those under way are late already.
        """
        places = self._places
        if places.limit <= 0:
            raise self._not_served()
        late = max((stream.lag_seconds for host in self._hosts for stream in host.streams.values()), default=0.0)
        if late > LATE_SECONDS:
            raise self._full(f"up to {late:.1f} s behind: this server can carry no more now", late)
        if places.full and not places.make_room():
            raise self._full("which is what this server can carry")
        if places.share_spent(peer) and not of_this_machine(peer) and not places.make_room(peer):
            raise self._full(f"{places.held_by(peer)} of them from your address, which is its share", peer=peer)
        return places.take(peer, make_way)

    def _not_served(self) -> AntiphonError:
        setting = self.options.allowed_by
        advice = f"; start it with {setting}=1, or as many as it can carry" if setting else ""
        message = f"this server is set to take no live streams{advice}"
        return not_ready("LIVE_NOT_SERVED", message, **({"setting": setting} if setting else {}))

    def _full(self, why: str, late: float = 0.0, peer: str = "") -> AntiphonError:
        places = self._places
        return busy(
            "LIVE_STREAMS_FULL",
            f"{places.held} live streams are under way, {why}; try again later",
            retry_after_seconds=max(1.0, places.until_free(peer)),
            admitted=places.held,
            limit=places.limit,
            lag_seconds=f"{late:.1f}",
        )

    async def open(self, job: LiveJob) -> LiveStream:
        """Finds the worker with the fewest streams; waits only while none has come up yet.

        Raises:
            AntiphonError: WORKER_NOT_STARTING where none comes up.
        """
        async with self._changed:
            while not self._hosts:
                self._keeper.refuse_where_hopeless()
                await self._changed.wait()
        host = min(self._hosts, key=lambda one: len(one.streams))
        job_id = next(self._ids)
        stream = host.streams[job_id] = LiveStream(host, job, job_id, self.options, self._spawn)
        # Ahead of need: a stream cannot wait for a worker to start, and stays on the one it was given.
        busy_hosts = sum(bool(one.streams) for one in self._hosts)
        if busy_hosts == self._keeper.kept and self._keeper.kept < self.options.processes:
            self._keeper.keep()
        return stream

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._cleanups.add(task)
        task.add_done_callback(self._cleanups.discard)

    async def _attend(self, process: Process) -> None:
        """Gives a process streams until it ends."""
        assert process.ready is not None
        self.on_loads(process.ready.loads)
        host = LiveHost(process, self.on_loads)
        self._hosts.append(host)
        died = WorkerDiedError(None)
        try:
            await self._tell()
            await host.listen()
        except WorkerDiedError as error:
            died = error
        finally:
            self._hosts.remove(host)
            for stream in list(host.streams.values()):
                await stream.lose(died)
            host.streams.clear()

    async def _tell(self) -> None:
        self.on_change()
        async with self._changed:
            self._changed.notify_all()
