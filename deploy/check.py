"""Checks the deployment files without a container engine, a cluster or a network: ``python -m deploy.check``.

Prints what it checked, and goes on to the end: every problem is told in the tool's own words, and the exit code is 1
then. A check whose program the system lacks is SKIPPED and said so; with STRICT=1 in the environment it fails.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deploy.checks.alerts import check_alerts
from deploy.checks.containers import check_containers
from deploy.checks.manifests import check_manifests
from deploy.checks.scripts import check_scripts
from deploy.checks.tool import Absent, Problem

HERE = Path(__file__).resolve().parent
CHECKS: dict[str, Callable[[Path], Iterator[str]]] = {
    "containers": check_containers,
    "manifests": check_manifests,
    "alerts": check_alerts,
    "scripts": check_scripts,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs every check; 0 where all passed, 1 where one did not."""
    parser = argparse.ArgumentParser(prog="python -m deploy.check", description="Checks the deployment files, offline.")
    parser.add_argument("names", nargs="*", metavar="CHECK", help=f"{', '.join(CHECKS)} [all]")
    parser.add_argument("--folder", type=Path, default=HERE, help="folder that holds them (default: this script's)")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in CHECKS]:
        parser.error(f"there is no check {unknown[0]!r}; choose from {', '.join(CHECKS)}")
    strict = os.environ.get("STRICT") == "1"
    failed = [name for name in options.names or CHECKS if _failed(CHECKS[name], options.folder, strict)]
    print("Not checked here: that images build and run, and that a cluster takes the manifests; see deploy/README.md.")
    return 1 if failed else 0


def _failed(check: Callable[[Path], Iterator[str]], folder: Path, strict: bool) -> bool:
    try:
        for line in check(folder):
            print(line, flush=True)
    except Absent as absent:
        print(f"SKIPPED: {absent}", file=sys.stderr if strict else sys.stdout, flush=True)
        return strict
    except Problem as problem:
        print(problem, file=sys.stderr, flush=True)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
