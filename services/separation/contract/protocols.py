"""What a model of this family must do, and what its jobs are handed by the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from services.separation.contract.requests import Plan, Tuning
from services.separation.contract.results import SeparatedBlock

if TYPE_CHECKING:
    from chassis.audio import Source
    from chassis.models import InstalledModel
    from chassis.reading import Limits, RawPcm
    from services.separation.settings import SeparationSettings

SUM_BOUNDS_DB: Mapping[str, float] = {"dsp": -120.0, "spleeter": -120.0}
"""What engines claim, and the tests hold: the energy of the mix minus the sum of all stems, against the mix's (dB).

float32 alone leaves -138 dB. An engine that is not here claims nothing. By name, and not on the engines' classes: the
front tells it without the libraries that those stand on.
"""


class Separator(Protocol):
    """A loaded model that splits a mix into stems.

    Attributes:
        stems: Names of its stems, in the order it gives them.
        sample_rate: Rate it takes and gives (Hz).
        channels: Channels it takes and gives.
        device: What computes, such as ``cpu`` or ``cuda:0 (name)``.
        precision: Number format of the computation, such as ``float32``.
        parameters: What else decides the numbers, by name.
        library_versions: Versions that can change the numbers, by distribution name.
        needs_level: Whether it computes with the level of the whole mix, where that is to be had.
    """

    stems: tuple[str, ...]
    sample_rate: int
    channels: int
    device: str
    precision: str
    parameters: Mapping[str, str]
    library_versions: Mapping[str, str]
    needs_level: bool

    @classmethod
    def stems_of(cls, model: InstalledModel) -> tuple[str, ...]:
        """Reads the names of a model's stems without loading its weights."""
        ...

    @classmethod
    def load(cls, model: InstalledModel, settings: SeparationSettings) -> Separator:
        """Loads a model, ready to separate.

        Raises:
            AntiphonError: FAILED_PRECONDITION; ``DEVICE_NOT_AVAILABLE``, ``MODEL_UNREADABLE``.
        """
        ...

    def tuned(self, tuning: Tuning) -> Tuning:
        """Fills in this model's own values where none are given.

        Raises:
            AntiphonError: INVALID_ARGUMENT, ``OPTION_NOT_SUPPORTED`` or the name of a field whose value this model
                cannot take.
        """
        ...

    def separate(
        self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = ..., plan: Plan = ...
    ) -> Iterator[SeparatedBlock]:
        """Splits a mix while it arrives, in memory that does not grow with it.

        The stems have as many samples as the mix, and depend on the mix and the plan alone, not on how it was cut into
        blocks. A mix without samples gives no block.

        Args:
            blocks: The mix in any cutting: finite float32, ``(channels, samples)``, at the model's rate.
            checkpoint: Called before each model step; what it raises ends the separation.
            plan: What is to be separated, and how.

        Raises:
            AntiphonError: INVALID_ARGUMENT, ``AUDIO_LEVEL``: a sample is too large to compute with.
        """
        ...


class Task(Protocol):
    """One job as the worker hands it over: the uploaded audio, and a way to learn that nobody wants it any more."""

    @property
    def source(self) -> Source:
        """The audio, as a file."""
        ...

    def checkpoint(self) -> None:
        """Raises ``antiphon_wire.errors.Cancelled`` where the job was cancelled."""
        ...


class Turn(Protocol):
    """What a live job yields to let others work while it waits for audio; see :mod:`chassis.worker.live_loop`."""

    @property
    def due(self) -> float | None:
        """When its next step falls due, on the monotonic clock; None where it can do nothing without more audio."""
        ...


class Piece(Protocol):
    """Bytes of an upload."""

    @property
    def data(self) -> bytes:
        """The bytes, at least one."""
        ...


class LiveTask(Protocol):
    """One live job as the worker hands it over; see :class:`chassis.worker.live_loop.LiveTask`."""

    @property
    def raw(self) -> RawPcm | None:
        """How to read the bytes where they have no header; None for a container."""
        ...

    @property
    def limits(self) -> Limits:
        """What the stream may cost."""
        ...

    @property
    def track(self) -> int | None:
        """Which audio track of a container, from 0; None for the default one."""
        ...

    @property
    def ended(self) -> bool:
        """Whether everything has come and was taken."""
        ...

    def take(self) -> Piece | None:
        """Takes the next bytes; None where there are none now."""
        ...

    def turn(self) -> Turn:
        """Makes what is to be yielded, so that other jobs work until there is more audio."""
        ...

    def checkpoint(self) -> None:
        """Raises ``antiphon_wire.errors.Cancelled`` where the job was cancelled."""
        ...
