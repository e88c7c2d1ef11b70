"""Places of uploads, apart from those of the work: an upload takes one of the latter once it is whole."""

from __future__ import annotations

from collections.abc import Callable

from antiphon_wire.errors import busy
from chassis.admission import Ticket
from chassis.shared_places import SharedPlaces

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
        self._places = SharedPlaces(limit, share, slow_seconds, slow_seconds)

    @property
    def held(self) -> int:
        """Uploads under way."""
        return self._places.held

    def admit(self, peer: str, make_way: Callable[[], bool] = lambda: False) -> Ticket:
        """Takes a place for an upload of ``peer``, an address; an empty one is nobody's and has no share.

        Args:
            peer: The address.
            make_way: See :meth:`chassis.shared_places.SharedPlaces.take`.

        Raises:
            AntiphonError: QUEUE_FULL, with the delay after which a place should be free.
        """
        places = self._places
        if places.full and not places.make_room():
            raise busy(
                "QUEUE_FULL",
                f"{places.held} uploads are coming in, which is the limit of this server; try again later",
                retry_after_seconds=max(_LEAST_RETRY_SECONDS, places.until_free()),
                uploads=places.held,
                limit=places.limit,
            )
        if places.share_spent(peer) and not places.make_room(peer):
            mine = places.held_by(peer)
            raise busy(
                "QUEUE_FULL",
                f"{mine} uploads are coming in from your address, which is its share of this server; try again later",
                retry_after_seconds=max(_LEAST_RETRY_SECONDS, places.until_free(peer)),
                uploads=mine,
                limit=places.share,
            )
        return places.take(peer, make_way)
