"""Whether the interpreter is one that Antiphon's locks are resolved for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from antiphon_cli.doctor.finding import Finding, Machine, fine, wrong

LEAST = (3, 11)


def check(machine: Machine, version: tuple[int, ...] = sys.version_info[:2]) -> Iterator[Finding]:
    """Looks at the version of this interpreter."""
    what = f"Python {'.'.join(map(str, version))} on {platform.machine()}"
    if version >= LEAST:
        yield fine(what)
    else:
        yield wrong(what, "install Python 3.11 or later")
