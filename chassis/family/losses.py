"""Which inputs took workers with them: what did so twice is not let near a third one for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from antiphon_wire.errors import not_ready

MAX_LOSSES = 2
REFUSED_SECONDS = 3600.0
MAX_INPUTS = 10_000


class Losses:
    """A bounded table of inputs whose jobs ended with the death of a worker.

    Args:
        clock: Gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[bytes, tuple[int, float]] = OrderedDict()

    def refuse(self, sha256: bytes) -> None:
        """Refuses an input that took two workers within the last hour.

        The code says that the request may be right: it is what this service has seen that stands against it, and that
        passes.

        Args:
            sha256: Of the uploaded bytes; empty where there were none, which is never refused.

        Raises:
            AntiphonError: FAILED_PRECONDITION, INPUT_KILLS_WORKER.
        """
        count, last = self._found.get(sha256, (0, 0.0))
        if count < MAX_LOSSES:
            return
        left = last + REFUSED_SECONDS - self._clock()
        if left <= 0:
            del self._found[sha256]
            return
        raise not_ready(
            "INPUT_KILLS_WORKER",
            f"{count} worker processes ended while they worked on this audio; it is refused for {left:.0f} s more, "
            "send it in another format or the part of it that is needed",
            losses=count,
            seconds=round(left),
        )

    def lost(self, sha256: bytes) -> None:
        """Notes that a worker ended over an input; forgets the oldest where there are too many."""
        if not sha256:
            return
        count, last = self._found.pop(sha256, (0, 0.0))
        now = self._clock()
        self._found[sha256] = (count + 1 if now - last < REFUSED_SECONDS else 1, now)
        while len(self._found) > MAX_INPUTS:
            self._found.popitem(last=False)

    def survived(self, sha256: bytes) -> None:
        """Forgets the losses of an input that a worker came through."""
        self._found.pop(sha256, None)
