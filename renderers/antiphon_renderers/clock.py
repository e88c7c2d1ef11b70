"""Times as text, counted in whole units so that no second is ever written as 60."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(\d{1,9}):)?(\d{1,9}):(\d{1,2})(?:[.,:](\d{1,3}))?")


def milliseconds(seconds: float) -> int:
    """Gives whole milliseconds, rounded; never below 0.

    >>> milliseconds(1.2345), milliseconds(-0.1)
    (1234, 0)
    """
    return max(0, round(seconds * 1000))


def hours_clock(seconds: float, point: str) -> str:
    """Gives ``hh:mm:ss.mmm`` with the decimal point given, as SRT and WebVTT want it.

    >>> hours_clock(3599.9996, ",")
    '01:00:00,000'
    """
    rest, millis = divmod(milliseconds(seconds), 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{point}{millis:03d}"


def minutes_clock(seconds: float) -> str:
    """Gives ``mm:ss.xx`` to a hundredth of a second, as LRC wants it; an hour is 60 minutes.

    >>> minutes_clock(3661.5)
    '61:01.50'
    """
    rest, hundredths = divmod(max(0, round(seconds * 100)), 100)
    minute, second = divmod(rest, 60)
    return f"{minute:02d}:{second:02d}.{hundredths:02d}"


def read_clock(text: str) -> float:
    """Gives the seconds of ``[hh:]mm:ss[.fraction]``.

    >>> read_clock("01:00:02,5"), read_clock("61:01.50")
    (3602.5, 3661.5)

    Raises:
        ValueError: it is no such time, or has 60 seconds or more.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None or int(match[3]) >= 60:
        raise ValueError(f"{text!r} is no time; wanted [hh:]mm:ss.fraction with seconds below 60")
    hour, minute, second, fraction = match.groups()
    whole = (int(hour or 0) * 60 + int(minute)) * 60 + int(second)
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)
