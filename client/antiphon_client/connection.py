"""Where a client connects, and how long it waits, unless it is told otherwise."""

from __future__ import annotations

DEFAULT_TARGET = "127.0.0.1:50050"
DEFAULT_TIMEOUT_SECONDS = 3600.0
