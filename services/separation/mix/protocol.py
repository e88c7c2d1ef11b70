"""How a mix is handed to an engine, wherever it comes from."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chassis.audio.tags import Tags
from chassis.reports import SourceReport, WarningReport
from services.separation.contract import MixLevel, Plan, SeparatedBlock, SeparationRequest, Separator, Turn


@dataclass(frozen=True)
class Separated:
    """A block of the stems, and the same stretch of the mix.

    Attributes:
        block: What the engine gave.
        mix: float32, ``(channels, samples)``, at the model's rate, as many samples as the block has.
    """

    block: SeparatedBlock
    mix: np.ndarray


class Mix(Protocol):
    """The mix of one call; its methods are called in the order in which they stand here.

    Attributes:
        live: Whether it is still being sent. It is then gone through once, as it comes, and nobody knows its end.
        seconds_hint: Its length (s) as far as it is known beforehand; None where it is not.
    """

    live: bool

    @property
    def seconds_hint(self) -> float | None:
        """Its length (s); see the class."""
        ...

    def check(self, request: SeparationRequest) -> None:
        """Refuses, before a model is loaded, what cannot be separated and what such a mix cannot have.

        Raises:
            AntiphonError: INVALID_ARGUMENT; what is wrong with the audio, ``CLIP_MODE``.
        """
        ...

    def open(self, separator: Separator) -> Generator[Turn, None, SourceReport]:
        """Makes ready to be separated; yields turns while that takes more audio.

        Returns:
            What the audio was found to be, so far as it is known now.

        Raises:
            AntiphonError: INVALID_ARGUMENT: what is wrong with the audio.
        """
        ...

    def level(self) -> MixLevel | None:
        """Takes the level of the whole mix, in a pass of its own; None where that cannot be known."""
        ...

    def tags(self) -> Tags | None:
        """Tells what the file says of its music; None where there is no file."""
        ...

    def separated(self, plan: Plan) -> Iterator[Separated | Turn]:
        """Separates: yields each block when it is final, and turns while it waits for audio."""
        ...

    def complete(self) -> SourceReport:
        """Tells what the audio was, now with length and digest."""
        ...

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """Things to know about the audio."""
        ...

    def close(self) -> None:
        """Gives up what is under way."""
        ...
