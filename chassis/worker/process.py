"""One worker process as the service holds it: start, send, receive, kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chassis.worker import conversation, descriptors, rocm
from chassis.worker.frames import HEADER, BadFrameError
from chassis.worker.messages import Ended, Event, Init, Ready, Run
from chassis.worker.sandbox.environment import environment as worker_environment
from chassis.worker.sandbox.scratch import Scratch

_READ_AHEAD = 1 << 20


class WorkerDiedError(Exception):
    """The process ended; ``exit_code`` is negative for a signal, None where not yet known."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class Process:
    """A spawned worker. It never shares memory with the service: native crashes stay in there.

    Attributes:
        ready: What it said when it could take jobs; None before.
        given_up: Whether it was killed because it went on with what nobody waits for any more, which is no crash.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        uploads: socket.socket,
        scratch: Scratch,
        listener: conversation.Listener,
    ) -> None:
        self._process = process
        self._uploads = uploads
        self._scratch = scratch
        self._reader = reader
        self._writer = writer
        self._listener = listener
        self._body_bytes: int | None = None  # of a frame whose header was read before the reader was cancelled
        self.ready: Ready | None = None
        self.given_up = False

    @classmethod
    async def start(cls, init: Init, environment: Mapping[str, str], events: Any) -> Process:
        """Spawns the process and tells it what to become; does not wait until it is ready.

        Args:
            init: What to become.
            environment: Variables on top of those of our own that a worker is given, such as thread counts.
            events: What its jobs yield, a data class or a union of them.

        Raises:
            OSError: the system gives no process, no socket or no folder.
            WorkerDiedError: it ended at once.
        """
        listener = conversation.to_a_service(events)
        scratch = Scratch()
        ours, theirs = socket.socketpair()
        uploads, their_uploads = socket.socketpair()
        uploads.setblocking(False)
        given = worker_environment({**rocm.variables(os.environ), **os.environ}, scratch.folder)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "chassis.worker.child",
                str(theirs.fileno()),
                str(their_uploads.fileno()),
                pass_fds=[theirs.fileno(), their_uploads.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                env={**given, **environment},
            )
        except OSError:
            ours.close()
            uploads.close()
            await scratch.remove()
            raise
        finally:
            theirs.close()
            their_uploads.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=_READ_AHEAD)
        worker = cls(process, reader, writer, uploads, scratch, listener)
        try:
            await worker.send(replace(init, sandbox=replace(init.sandbox, scratch=scratch.folder)))
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    async def wait_ready(self) -> Ready:
        """Waits until it has loaded what it loads at start.

        Raises:
            WorkerDiedError: it ended before.
        """
        message = await self.receive()
        if not isinstance(message, Ready):
            await self.kill()
            raise WorkerDiedError(self._process.returncode)
        self.ready = message
        return message

    async def send(self, message: object) -> None:
        """Sends a message.

        Raises:
            WorkerDiedError: nobody is there to read it.
        """
        try:
            # At once: a sender that is cancelled between two frames would leave half a message.
            self._writer.writelines(conversation.pack(message))
            await self._writer.drain()
        except ConnectionError:
            raise WorkerDiedError(await self._exit_code()) from None

    async def assign(self, run: Run) -> None:
        """Sends a job, and its upload as an open file.

        Raises:
            WorkerDiedError: nobody is there to take it.
        """
        if run.job.path is not None:
            try:
                descriptors.hand_over(self._uploads, run.job.path)
            except OSError:
                # Nobody is at the other end, or takes what was handed down before.
                await self.kill()
                raise WorkerDiedError(self._process.returncode) from None
        await self.send(run)

    async def receive(self) -> Any:
        """Waits for the next message.

        Raises:
            WorkerDiedError: the process ended, or sent what no worker of ours sends.
        """
        try:
            # A reader may be cancelled between header and body; the next one goes on where it stopped, for a stream
            # read out of step would make a frame of anything.
            while True:
                if self._body_bytes is None:
                    self._body_bytes = self._listener.announced(await self._reader.readexactly(HEADER.size))
                body = await self._reader.readexactly(self._body_bytes)
                self._body_bytes = None
                if (message := self._listener.add(body)) is not None:
                    return message
        except (asyncio.IncompleteReadError, ConnectionError):
            raise WorkerDiedError(await self._exit_code()) from None
        except BadFrameError:
            await self.kill()
            raise WorkerDiedError(self._process.returncode) from None

    async def about(self, job_id: int) -> Event | Ended:
        """Waits for the next message about a job, of a worker that has no other.

        Raises:
            WorkerDiedError: the process ended, or spoke of something else, which no worker of ours does.
        """
        message = await self.receive()
        if isinstance(message, Event | Ended) and message.job_id == job_id:
            return message
        await self.kill()
        raise WorkerDiedError(self._process.returncode)

    async def ended(self) -> int:
        """Waits until the process has ended; returns its exit code."""
        return await self._process.wait()

    async def give_up(self) -> None:
        """Kills it for going on with what nobody waits for any more."""
        self.given_up = True
        await self.kill()

    async def kill(self) -> None:
        """Ends the process at once and reaps it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._writer.close()
        self._uploads.close()
        await self._scratch.remove()

    async def _exit_code(self) -> int | None:
        try:
            async with asyncio.timeout(1):
                return await self._process.wait()
        except TimeoutError:
            return None
