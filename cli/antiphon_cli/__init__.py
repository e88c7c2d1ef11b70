"""The ``antiphon`` command line: a program on the SDK."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

NEEDED = ("click", "grpc_health", "rich")
"""What the command line imports beyond what the SDK does: the packages of the extra ``cli``."""
INTERRUPTED = 130
"""What Ctrl-C ends a command with, as a shell counts it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code: 2 where the packages of the extra ``cli`` are not installed.

    Whoever installs the SDK alone has this script too, so it says what it needs before it imports any of that.
    """
    if any(find_spec(name) is None for name in NEEDED):
        print('antiphon: the command line needs more than the SDK: pip install "antiphon[cli]"', file=sys.stderr)
        return 2
    try:
        from antiphon_cli.program import main as run
    except KeyboardInterrupt:  # Ctrl-C while libraries are loaded, before anything could be interrupted
        print("antiphon: interrupted", file=sys.stderr)
        return INTERRUPTED
    return run(arguments)
