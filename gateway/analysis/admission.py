"""How many analyses may be under way at once, counted over all faces of a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from antiphon_wire.errors import busy

_BUSY_SECONDS = 2.0


class Admission:
    """The places for analyses.

    Args:
        limit: How many there are.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Holds one place.

        Raises:
            AntiphonError: QUEUE_FULL where none is free, with the seconds after which to come back.
        """
        if self._taken >= self._limit:
            raise busy(
                "QUEUE_FULL",
                f"{self._taken} analyses are under way, which is the limit of this gateway; try again later",
                retry_after_seconds=_BUSY_SECONDS,
                limit=self._limit,
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
