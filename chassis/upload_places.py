"""Places of uploads, apart from those of the work: an upload takes one of the latter once it is whole."""

from __future__ import annotations

import time
from collections import Counter

from antiphon_wire.errors import busy
from chassis.admission import Admission, Ticket

_LEAST_RETRY_SECONDS = 1.0


class UploadPlaces:
    """Counts the uploads under way, over all callers and of each one.

    Args:
        limit: Uploads that there may be at once.
        share: Of these, how many one address may have; 0 for all.
        slow_seconds: Time after which one that is too slow is let go (s): what RetryInfo says before any has been
            measured, and at most.
    """

    def __init__(self, limit: int, share: int, slow_seconds: float) -> None:
        self._places = Admission(limit, slow_seconds)
        self._longest_seconds = slow_seconds
        self._share = share
        self._peers: Counter[str] = Counter()
        self._since: dict[Ticket, float] = {}

    @property
    def held(self) -> int:
        """Uploads under way."""
        return self._places.held

    def admit(self, peer: str) -> Ticket:
        """Takes a place for an upload of ``peer``, an address; an empty one is nobody's and has no share.

        Raises:
            AntiphonError: QUEUE_FULL, with the delay after which a place should be free.
        """
        places, mine = self._places, self._peers.get(peer, 0)
        if places.full:
            raise busy(
                "QUEUE_FULL",
                f"{places.held} uploads are coming in, which is the limit of this server; try again later",
                retry_after_seconds=self._until_free(),
                uploads=places.held,
                limit=places.limit,
            )
        if peer and 0 < self._share <= mine:
            raise busy(
                "QUEUE_FULL",
                f"{mine} uploads are coming in from your address, which is its share of this server; try again later",
                retry_after_seconds=self._until_free(),
                uploads=mine,
                limit=self._share,
            )
        started = time.monotonic()

        def released() -> None:
            places.learn(time.monotonic() - started)
            del self._since[ticket]
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]

        ticket = places.take(released)
        self._since[ticket] = started
        self._peers[peer] += 1
        return ticket

    def _until_free(self) -> float:
        """When the oldest upload should have ended (s).

        One that takes longer than they usually do is slow, and takes as long again, until it is let go.
        """
        age = time.monotonic() - next(iter(self._since.values()))
        usual = self._places.usual_seconds
        left = usual - age if age < usual else age
        return max(_LEAST_RETRY_SECONDS, min(left, self._longest_seconds))
