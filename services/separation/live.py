"""Separates a mix that is still being sent: each stem goes out while the upload goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from chassis.audio.live import LiveSource


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
