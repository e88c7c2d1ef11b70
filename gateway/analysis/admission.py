"""How many analyses may be under way at once, and how many uploads come in, counted over all faces of a gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from antiphon_wire.errors import busy
from chassis.admission import Admission as Places
from chassis.admission import Ticket
from chassis.upload_places import UploadPlaces

_FIRST_GUESS_SECONDS = 10.0  # of an analysis's length, for RetryInfo, before any has been measured
_LEAST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 60.0


class Entry:
    """The way in of one analysis: a place among the uploads, and then one among the analyses."""

    def __init__(self, upload: Ticket, places: Places) -> None:
        self._held = upload
        self._places = places
        self._began: float | None = None

    async def uploaded(self) -> None:
        """Exchanges the one place for the other once the upload is whole, and waits where none is free."""
        upload = self._held
        self._held = await self._places.wait()
        self._began = time.monotonic()
        upload.release()

    def leave(self) -> None:
        """Gives back the place that is held."""
        if self._began is not None:
            self._places.learn(time.monotonic() - self._began)
        self._held.release()


class Admission:
    """The places for analyses.

    Args:
        limit: How many there are.
        uploads: The places for uploads, which a slow one holds instead.
    """

    def __init__(self, limit: int, uploads: UploadPlaces) -> None:
        self._places = Places(limit, _FIRST_GUESS_SECONDS, _LONGEST_RETRY_SECONDS)
        self._uploads = uploads

    @contextmanager
    def entry(self, peer: str, make_way: Callable[[], bool] = lambda: False) -> Iterator[Entry]:
        """Lets an analysis in whose upload comes from ``peer``, an address; leaving gives its place back.

        Args:
            peer: The address.
            make_way: See :meth:`chassis.shared_places.SharedPlaces.take`.

        Raises:
            AntiphonError: QUEUE_FULL where no place is free, for analyses or for uploads, with the seconds after which
                to come back.
        """
        if self._places.full:
            raise busy(
                "QUEUE_FULL",
                f"{self._places.held} analyses are under way, which is the limit of this gateway; try again later",
                retry_after_seconds=max(_LEAST_RETRY_SECONDS, self._places.until_free()),
                limit=self._places.limit,
            )
        entry = Entry(self._uploads.admit(peer, make_way), self._places)
        try:
            yield entry
        finally:
            entry.leave()
