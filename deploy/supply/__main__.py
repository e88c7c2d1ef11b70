"""Writes bills of materials and judges licences, or audits locks: ``python -m deploy.supply bills|audit [NAME …]``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.checks.tool import Problem
from deploy.supply import audit, bills, locks, policy

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one of both; 0 where nothing was found, 1 where something was."""
    parser = argparse.ArgumentParser(prog="python -m deploy.supply", description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=("bills", "audit"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="environments, such as speech or gateway [all]")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "sbom", help="folder of the bills [build/sbom]")
    options = parser.parse_args(arguments)
    every = locks.every(ROOT)
    if unknown := [name for name in options.names if name not in every]:
        parser.error(f"there is no lock of {unknown[0]!r}; there are {', '.join(every)}")
    chosen = options.names or list(every)
    try:
        found = list(_audit(chosen) if options.what == "audit" else _bills(chosen, options.out))
    except Problem as problem:
        found = [str(problem)]
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0


def _bills(names: Sequence[str], out: Path) -> Iterator[str]:
    rules, strict = policy.read(), os.environ.get("STRICT") == "1"
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        python = ROOT / ".venvs" / name / "bin" / "python"
        if not python.exists():
            skipped = f"SKIPPED: there is no environment {name}; make test makes it"
            if strict:
                yield skipped
            else:
                print(skipped)
            continue
        bill = bills.make(name, python, locks.every(ROOT)[name])
        path = out / f"{name}.cdx.json"
        path.write_text(bills.written(bill))
        refused = list(policy.problems(name, bill, rules))
        print(f"{name}: {len(bill['components'])} packages, {len(refused)} problems of licence: {path}", flush=True)
        yield from refused


def _audit(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        answers = audit.ask(locks.every(ROOT)[name])
        found = list(audit.findings(name, answers))
        print(f"{name}: {len(answers)} packages, {len(found)} findings", flush=True)
        yield from found


if __name__ == "__main__":
    sys.exit(main())
