"""The questions of the contract, put to engines inside the sandbox of a worker.

``python -P tests/contract/sandboxed.py``; arguments are pytest's. The process enters the sandbox first and becomes
pytest then, so that an engine meets what it meets in a worker: no network, no programs, nothing to write but a folder
that is gone afterwards. Where the system offers no Landlock the questions are put without, and that is told.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile


def main() -> int:
    """Entry point; returns pytest's exit code."""
    from chassis.worker.sandbox.enter import enter
    from chassis.worker.sandbox.environment import environment
    from chassis.worker.sandbox.plan import Plan

    scratch = tempfile.mkdtemp(prefix="antiphon-contract-")
    kept = environment(os.environ, scratch)
    os.environ.clear()
    os.environ.update(kept)
    tempfile.tempdir = scratch
    try:
        holds = enter(Plan("auto", scratch=scratch, read=("pyproject.toml", "standins")), "tests")
        sys.stderr.write(f"sandbox: {holds}\n")
        import pytest

        return int(pytest.main([*sys.argv[1:], "-p", "no:cacheprovider"]))
    finally:
        # The folder itself cannot be removed from inside; what is in it can.
        for entry in os.scandir(scratch):
            shutil.rmtree(entry.path, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
