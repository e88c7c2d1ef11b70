"""Runs the rehearsal: ``python -m tools.rehearsal [SCENARIO ...]``; all of them where none is named.

Prints a row for each scenario as it ends. Exit code 0 where no analysis was lost, 1 where one was; 0 with the word
SKIPPED where this machine cannot make a network of its own, or 1 where STRICT=1 says that it must.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.rehearsal.cluster import Cluster
from tools.rehearsal.report import Outcome, heading, row
from tools.rehearsal.scenarios import SCENARIOS, Scenario

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "rehearsal"
PROGRAMS = {
    "ip": "iproute2",
    "dnsmasq": "dnsmasq-base",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}
"""Programs that are needed, and the Debian packages that bring them."""
# Ends with the process that started it, whatever ends that; with it end its processes, its mounts and its network.
APART = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")
_INSIDE = "REHEARSAL_INSIDE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    words = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m tools.rehearsal", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"one of: {', '.join(words)}")
    names = parser.parse_args(arguments).scenarios
    if unknown := [name for name in names if name not in words]:
        parser.error(f"there is no scenario {unknown[0]!r}; choose from {', '.join(words)}")
    if os.environ.get(_INSIDE):
        return rehearse([scenario for scenario in SCENARIOS if scenario.name in (names or words)])
    if why := cannot():
        print(f"rehearsal SKIPPED: {why}", flush=True)
        return 1 if os.environ.get("STRICT") == "1" else 0
    return apart([sys.executable, "-m", "tools.rehearsal", *names])


def cannot() -> str:
    """Says why this machine cannot make a network of its own; empty where it can."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        packages = " ".join(dict.fromkeys(PROGRAMS[program] for program in missing))
        return f"there is no {', '.join(missing)}; install {packages}"
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    tried = subprocess.run([*APART, "true"], capture_output=True, text=True, check=False)
    return f"no namespaces can be made here: {tried.stderr.strip()}" if tried.returncode else ""


def apart(command: Sequence[str]) -> int:
    """Runs a command in namespaces of its own; whatever ends this ends it too. Returns its exit code."""
    with subprocess.Popen([*APART, *command], cwd=ROOT, env={**os.environ, _INSIDE: "1"}) as process:

        def end(number: int, _: object) -> None:
            process.kill()
            raise SystemExit(128 + number)

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)
        return process.wait()


def rehearse(scenarios: Sequence[Scenario]) -> int:
    """Runs the scenarios, inside; returns the exit code."""
    began = time.monotonic()
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    # What is written here is memory, and seen by nobody else.
    for command in (["mount", "-t", "tmpfs", "rehearsal", "/run"], ["ip", "link", "set", "lo", "up"]):
        subprocess.run(command, check=True)
    folder = Path("/run/rehearsal")
    folder.mkdir()
    with contextlib.closing(Cluster(folder, LOGS)) as cluster:
        print(heading(), flush=True)
        outcomes = [_one(cluster, scenario) for scenario in scenarios]
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    print(f"{len(outcomes)} scenarios in {time.monotonic() - began:.0f} s: ", end="")
    print(f"failed: {', '.join(failed)}; logs in {LOGS.relative_to(ROOT)}" if failed else "0 analyses lost")
    return 1 if failed else 0


def _one(cluster: Cluster, scenario: Scenario) -> Outcome:
    cluster.settle(scenario.connection_age_seconds)
    cluster.begin_calls()
    time.sleep(_BEFORE_SECONDS)
    check = scenario.act(cluster)
    time.sleep(scenario.calm_seconds)
    analyses = cluster.end_calls()
    outcome = Outcome(scenario.name, scenario.what, analyses, check(analyses))
    print(row(outcome), flush=True)
    return outcome


_BEFORE_SECONDS = 2.0
"""For which the callers ask before anything happens."""

if __name__ == "__main__":
    sys.exit(main())
