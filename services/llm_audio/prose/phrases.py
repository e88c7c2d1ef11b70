"""Words put together: lists, quotations, lengths of time."""

from __future__ import annotations

import re
from collections.abc import Sequence

QUOTED_WORDS = 12
QUOTED_CHARACTERS = 80
_MINUTE, _HOUR = 60, 3600
_QUOTATION = re.compile(r'"[^"]*"')


def listed(parts: Sequence[str]) -> str:
    """Lists parts as English does; a part that has an "and" of its own is set off by a comma.

    >>> listed(["pop", "rock", "indie"]), listed(["is rock and pop in style", "sounds sad"])
    ('pop, rock and indie', 'is rock and pop in style, and sounds sad')
    """
    if len(parts) < 2:
        return "".join(parts)
    last = ", and " if any(" and " in _QUOTATION.sub("", part) for part in parts) else " and "
    return ", ".join(parts[:-1]) + last + parts[-1]


def quoted(text: str) -> str:
    """Quotes the first words of a text, at most QUOTED_WORDS and QUOTED_CHARACTERS; empty where there are none.

    >>> quoted('Stay "here",  please.')
    '"Stay \\'here\\', please"'
    """
    words = text.replace('"', "'").split()
    first = " ".join(words[:QUOTED_WORDS])[:QUOTED_CHARACTERS].rstrip(" .,;:")
    whole = first == " ".join(words).rstrip(" .,;:")
    return f'"{first}{"" if whole else " …"}"' if first else ""


def length(seconds: float) -> str:
    """Says a length of time as people do, true to the unit in which it ends.

    >>> length(0.4), length(1.0), length(10.88), length(225.2), length(5400.0)
    ('less than a second', '1 second', '11 seconds', '3:45 minutes', '90 minutes')
    """
    if seconds < 1:
        return "less than a second"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} second{'' if whole == 1 else 's'}"
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02} minutes"
    return f"{round(seconds / _MINUTE)} minutes"


def clock(seconds: float) -> str:
    """Says when something is, in minutes and seconds.

    >>> clock(0.4), clock(90.3), clock(3725.0)
    ('0:00', '1:30', '62:05')
    """
    whole = round(seconds)
    return f"{whole // _MINUTE}:{whole % _MINUTE:02}"
