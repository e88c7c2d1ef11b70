"""What a target is: seeds to begin from, and one trial that says whether an input was accepted or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_SECONDS = 10.0
"""Time that one input may take; far beyond what any takes on a busy machine."""
MOST_BYTES = 512 << 20
"""Memory that the process may come to need beyond what it has after the seeds."""


class FindingError(AssertionError):
    """An input was neither accepted nor refused as it has to be."""


@dataclass(frozen=True)
class Target:
    """A reader under attack.

    Attributes:
        name: As it is called on the command line.
        seeds: Makes the inputs that the mutations begin from; the reader accepts most of them.
        accepts: Tries one input: True where it is accepted, False where it is refused by the reader's own typed error.
            Any other exception is a finding.
        words: Pieces of the input's language, which mutations put in.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    accepts: Callable[[bytes], bool]
    words: Sequence[bytes] = ()
