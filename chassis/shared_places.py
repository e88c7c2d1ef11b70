"""Places of which no caller may have all, each told how long the others' will last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from chassis.admission import Admission, Ticket

_OWN = ("ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:")


@dataclass(frozen=True)
class _Holder:
    peer: str
    began: float
    make_way: Callable[[], bool]


class SharedPlaces:
    """Counts the places that are held, over all callers and of each address.

    Args:
        limit: Places that there are.
        share: Of these, how many one address may have; 0 for all.
        first_guess_seconds: How long one is held before any has been measured (s).
        longest_seconds: The longest that :meth:`until_free` says (s).
    """

    def __init__(self, limit: int, share: int, first_guess_seconds: float, longest_seconds: float) -> None:
        self._places = Admission(limit, first_guess_seconds, longest_seconds)
        self.limit = limit
        self.share = share
        self._peers: Counter[str] = Counter()
        self._held: dict[Ticket, _Holder] = {}

    @property
    def held(self) -> int:
        """Places that are held."""
        return self._places.held

    @property
    def full(self) -> bool:
        """Whether no place is left."""
        return self._places.full

    def held_by(self, peer: str) -> int:
        """Places that an address holds; an empty one is nobody's."""
        return self._peers.get(peer, 0) if peer else 0

    def share_spent(self, peer: str) -> bool:
        """Whether an address has all that it may."""
        return 0 < self.share <= self.held_by(peer)

    def make_room(self, peer: str = "") -> bool:
        """Asks those that hold a place, the oldest first, to give it up where they make no use of it.

        Args:
            peer: Whom alone to ask; everybody where empty.

        Returns:
            Whether one does. It may take the moment in which its call ends, for which one place more is held.
        """
        return any(each.make_way() for each in list(self._held.values()) if not peer or each.peer == peer)

    def take(self, peer: str, make_way: Callable[[], bool] = lambda: False) -> Ticket:
        """Takes a place, which the caller has seen to be there for ``peer``.

        Args:
            peer: Address of whoever takes it.
            make_way: Gives it up where no use is made of it, because somebody else wants it; says whether it does.
        """
        began = time.monotonic()

        def released() -> None:
            self._places.learn(time.monotonic() - began)
            del self._held[ticket]
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]

        ticket = self._places.take(released)
        self._held[ticket] = _Holder(peer, began, make_way)
        self._peers[peer] += 1
        return ticket

    def until_free(self, peer: str = "") -> float:
        """When a place should be free again (s): any, or one of those that an address holds."""
        return self._places.until_free(each.began for each in self._held.values() if not peer or each.peer == peer)


def of_this_machine(peer: str) -> bool:
    """Whether an address is this machine's own: that of its users, or of a proxy that speaks for many.

    >>> of_this_machine("ipv4:127.0.0.1"), of_this_machine("ipv4:10.0.0.1")
    (True, False)
    """
    return peer.startswith(_OWN)
