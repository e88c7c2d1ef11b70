"""Whether the clock can be right: certificates, deadlines and records go by it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from antiphon_cli.doctor.finding import Finding, Machine, fine, wrong

_A_DAY = 86_400.0


def check(machine: Machine, now: float | None = None) -> Iterator[Finding]:
    """Holds the clock against the time at which this file was written, before which it cannot be."""
    time_now = time.time() if now is None else now
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(time_now))
    if time_now < Path(__file__).stat().st_mtime - _A_DAY:
        yield wrong(f"the clock says {shown}, which is before Antiphon was installed here", "set the system's clock")
    else:
        yield fine(f"the clock says {shown}")
