"""How long a service is waited for while none of its replicas is ready."""

from __future__ import annotations

import enum

START_SECONDS = 180.0
"""For one that is there and not ready: it loads its model, or ends and another takes its place."""
RESTART_SECONDS = 15.0
"""For one that was there and has gone: whoever started it starts it again, if anybody does."""
ABSENT_SECONDS = 2.0
"""For one that never was there: most likely nobody started it."""


class Presence(enum.Enum):
    """What is known of a service none of whose replicas is ready."""

    NEVER_SEEN = ABSENT_SECONDS
    GONE = RESTART_SECONDS
    STARTING = START_SECONDS


def patience(start_seconds: float | None, presence: Presence) -> float:
    """Gives the longest wait for a replica, seconds, counted from when it began.

    Args:
        start_seconds: How long a replica takes to start, where somebody has said so: it is waited for that long,
            whatever is known of it, since where replicas come and go nobody may be there for a while.
        presence: What is known of the service; it decides where nothing was said.
    """
    return presence.value if start_seconds is None else start_seconds
