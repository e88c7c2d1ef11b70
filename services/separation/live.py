"""Separates a mix that is still being sent: each stem goes out while the upload goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np

from chassis.audio.live import LiveSource
from services.separation.contract import SeparatedBlock

_HUNGRY, _DONE, _STOP = object(), object(), object()


class Piece(Protocol):
    """Bytes of an upload."""

    data: bytes


class LiveTask(Protocol):
    """One live job as the worker hands it over; see :class:`chassis.worker.live_loop.LiveTask`."""

    raw: Any
    limits: Any

    @property
    def ended(self) -> bool:
        """Whether everything has come and was taken."""
        ...

    def take(self) -> Piece | None:
        """The next bytes; None where there are none now."""
        ...

    def turn(self) -> object:
        """To be yielded: lets other jobs work until there is more audio."""
        ...

    def checkpoint(self) -> None:
        """Raises ``antiphon_wire.errors.Cancelled`` where the job was cancelled."""
        ...


def pieces(task: LiveTask, source: LiveSource) -> Iterator[np.ndarray | object]:
    """Yields what the upload decodes to, ``(channels, n)`` with n >= 0, and turns while there is nothing to decode."""
    while True:
        piece = task.take()
        if piece is not None:
            yield source.feed(piece.data)
        elif task.ended:
            yield source.finish()
            return
        yield task.turn()


class Follower:
    """Has a separator work on a mix that is handed over piece by piece.

    A separator pulls its mix, and there may be none yet; so it runs in a thread. The two never run at once: each waits
    while the other works, so a separator may do what is meant for the worker's own thread, such as checkpoints.

    Args:
        separate: Takes the mix and gives the blocks.
    """

    def __init__(self, separate: Callable[[Iterable[np.ndarray]], Iterator[SeparatedBlock]]) -> None:
        self._separate = separate
        self._to_it: SimpleQueue[Any] = SimpleQueue()
        self._from_it: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="separator", daemon=True)
        self._thread.start()
        self._said: Any = self._from_it.get()

    def push(self, samples: np.ndarray) -> Iterator[SeparatedBlock]:
        """Hands over the next piece of the mix, ``(channels, n)``; yields the blocks that it makes final."""
        yield from self._tell(samples)

    def finish(self) -> Iterator[SeparatedBlock]:
        """Says that the mix has ended; yields the rest."""
        yield from self._tell(_DONE)

    def close(self) -> None:
        """Ends the separator wherever it is; a second call does nothing."""
        while self._thread.is_alive():
            self._to_it.put(_STOP)
            self._thread.join(1.0)

    def _tell(self, what: Any) -> Iterator[SeparatedBlock]:
        self._check()
        said = self._exchange(what)
        while isinstance(said, SeparatedBlock):
            yield said
            said = self._exchange(_HUNGRY)
        self._check()

    def _exchange(self, what: Any) -> Any:
        self._to_it.put(what)
        self._said = self._from_it.get()
        return self._said

    def _check(self) -> None:
        if isinstance(self._said, BaseException):
            raise self._said

    def _run(self) -> None:
        try:
            for block in self._separate(self._mix()):
                self._ask(block)
            self._from_it.put(_DONE)
        except BaseException as error:  # to be raised where it is waited for, a cancel among them
            self._from_it.put(error)

    def _mix(self) -> Iterator[np.ndarray]:
        while (piece := self._ask(_HUNGRY)) is not _DONE:
            yield piece

    def _ask(self, what: Any) -> Any:
        self._from_it.put(what)
        answer = self._to_it.get()
        if answer is _STOP:
            raise _StoppedError
        return answer


class _StoppedError(Exception):
    """Ends a separator that nobody waits for any more."""
