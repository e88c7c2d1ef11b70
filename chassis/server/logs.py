"""What a process writes to standard error: lines of bounded length, without control characters and without floods."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from chassis.traces import account

MAX_LINE = 2_000
"""Characters of one message; the rest is cut off."""
MAX_ACCOUNT = 8_000
MAX_REQUEST_ID = 128
_MOST_ALIKE = 200
_WINDOW_SECONDS = 10.0
_MOST_KINDS = 500

# Control characters, what turns the direction of a terminal's text, and halves of characters.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._:/@+=-]")

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_logs(level: str) -> None:
    """Sends log lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(Repeats())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def escaped(text: str, limit: int) -> str:
    """The text's beginning, its control characters written as what they are.

    >>> escaped("a\\nb", 9)
    'a\\\\u000ab'
    """
    cut = text[:limit] + ("…" if len(text) > limit else "")
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)


def safe_id(text: str) -> str:
    """A caller's name for a request, as far as it is one: 128 characters at most, all others than those of ids as _.

    >>> safe_id("run 7")
    'run_7'
    """
    return _NOT_IN_AN_ID.sub("_", text[:MAX_REQUEST_ID])


class SafeFormatter(logging.Formatter):
    """Writes a record in one line, and below it where an exception came from."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's own name
        """Cuts and escapes the message; tells what was left out before it."""
        record.message = escaped(record.message, MAX_LINE)
        return super().formatMessage(record) + getattr(record, "left_out", "")

    def formatException(self, ei: _ExcInfo) -> str:  # logging's own name
        """Names types and places; what an exception says may be what a user sent."""
        if ei[1] is None:
            return ""
        return "\n".join(escaped(line, MAX_LINE) for line in account(ei[1])[:MAX_ACCOUNT].splitlines())


@dataclass
class _Window:
    start: float
    count: int = 0
    left_out: int = 0


class Repeats(logging.Filter):
    """Lets 200 lines of a kind pass in ten seconds and counts the others.

    Lines are of one kind where logger, level and text before its values are the same; a record may say its kind itself
    (``extra={"kind": …}``).

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; one that is also tells what was left out since."""
        now = self._clock()
        kind = f"{record.name} {record.levelname} {getattr(record, 'kind', None) or record.msg}"[:MAX_LINE]
        if kind not in self._windows and len(self._windows) >= _MOST_KINDS:
            kind = "others"
        window = self._windows.get(kind)
        if window is not None and now - window.start < _WINDOW_SECONDS and window.count >= _MOST_ALIKE:
            window.left_out += 1
            return False
        record.left_out = self._told(now)
        self._windows.setdefault(kind, _Window(now)).count += 1
        return True

    def _told(self, now: float) -> str:
        """Ends the windows whose time is over; says how many lines each has left out."""
        over = [kind for kind, window in self._windows.items() if now - window.start >= _WINDOW_SECONDS]
        counts = [(kind, self._windows.pop(kind).left_out) for kind in over]
        return "".join(f" ({count} lines like {escaped(kind, 100)!r} left out)" for kind, count in counts if count)
