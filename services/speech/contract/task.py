"""What a worker hands to a job: one call, or one live stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chassis.reading import Limits, RawPcm

if TYPE_CHECKING:
    # The front reads this module too, and does without the libraries that decode audio.
    from chassis.audio import Source


class Task(Protocol):
    """One call: its audio, and whether anybody still wants the answer."""

    @property
    def source(self) -> Source:
        """The audio, or the part of it that the call means."""
        ...

    def checkpoint(self) -> None:
        """Raises Cancelled where the call was given up."""
        ...


class FedBytes(Protocol):
    """Bytes of a live stream with the time they came in, on the monotonic clock."""

    @property
    def data(self) -> bytes:
        """The bytes; never none."""
        ...

    @property
    def received(self) -> float:
        """When they came in, in seconds."""
        ...


class Turn(Protocol):
    """What a live job yields to let the others of its worker work."""

    @property
    def due(self) -> float | None:
        """When its next step fell due, on the monotonic clock; None where it waits for audio."""
        ...


class LiveTask(Protocol):
    """One live stream; see :class:`chassis.worker.live_loop.LiveTask`.

    Attributes:
        raw: How to read the bytes where they have no header; None for a container.
        limits: What the stream may cost.
        track: Which audio track of a container, from 0; None for the default one.
    """

    raw: RawPcm | None
    limits: Limits
    track: int | None

    @property
    def ended(self) -> bool:
        """Whether everything has been taken and nothing follows."""
        ...

    def take(self) -> FedBytes | None:
        """Gives the next bytes; None where there are none now."""
        ...

    def turn(self, due: float | None = None) -> Turn:
        """Makes what is to be yielded for the others to work, and to wait for audio where ``due`` is None."""
        ...

    def checkpoint(self) -> None:
        """Raises Cancelled where the stream was given up."""
        ...
