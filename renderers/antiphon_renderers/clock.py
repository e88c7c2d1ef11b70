"""Times as text, counted in whole units so that no second is ever written as 60."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2})(?:[.,:](\d{1,3}))?")


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, rounded; never below 0."""
    return max(0, round(seconds * 1000))


def hours_clock(seconds: float, point: str) -> str:
    """``hh:mm:ss.mmm`` with the decimal point given, as SRT and WebVTT want it."""
    rest, millis = divmod(milliseconds(seconds), 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{point}{millis:03d}"


def minutes_clock(seconds: float) -> str:
    """``mm:ss.xx`` to a hundredth of a second, as LRC wants it; an hour is 60 minutes."""
    rest, hundredths = divmod(max(0, round(seconds * 100)), 100)
    minute, second = divmod(rest, 60)
    return f"{minute:02d}:{second:02d}.{hundredths:02d}"


def read_clock(text: str) -> float:
    """Seconds of ``[hh:]mm:ss[.fraction]``.

    Raises:
        ValueError: it is no such time, or has 60 seconds or more.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None or int(match[3]) >= 60:
        raise ValueError(f"{text!r} is no time; wanted [hh:]mm:ss.fraction with seconds below 60")
    hour, minute, second, fraction = match.groups()
    whole = (int(hour or 0) * 60 + int(minute)) * 60 + int(second)
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)
