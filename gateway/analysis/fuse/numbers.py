"""Optional numbers of protobuf messages as Python's None."""

from __future__ import annotations

import math

from google.protobuf.message import Message


def number(message: Message, field: str) -> float | None:
    """Gives an optional number; None where it is absent or not finite."""
    if not message.HasField(field):
        return None
    value = float(getattr(message, field))
    return value if math.isfinite(value) else None
