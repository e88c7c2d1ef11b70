"""Counts what services on one GPU need together: ``python3 deploy/vram.py``, before ``up``; needs nothing but compose.

Reads the composition as compose itself does, variables and all: which GPU each service has (``HIP_VISIBLE_DEVICES``)
and what it says that it needs there (the label ``antiphon.vram``, from ``SEPARATION_VRAM`` and its like). Compares the
sum of each GPU with the memory that the kernel's driver tells of it. Exit code 1 where it does not fit, 2 where it
cannot be told.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILES = ("compose.yaml", "compose.rocm.yaml")
TOPOLOGY = Path("/sys/class/kfd/kfd/topology/nodes")
"""Where the driver tells of processors; those that compute are numbered in this order by ROCm, from 0."""
LABEL = "antiphon.vram"
LOCAL_HEAPS = (1, 2)
"""Types of memory banks that are the GPU's own: seen by the host, and not."""


class NotToldError(Exception):
    """What was to be compared is not there to read; the message says what would be right."""


def cards(topology: Path = TOPOLOGY) -> list[int]:
    """Memory of each GPU in bytes, in ROCm's order; empty where the driver tells of none."""
    found = []
    for node in sorted(topology.glob("*"), key=lambda path: int(path.name)):
        if _properties(node / "properties").get("simd_count", 0) > 0:
            banks = [_properties(path) for path in node.glob("mem_banks/*/properties")]
            found.append(sum(bank["size_in_bytes"] for bank in banks if bank["heap_type"] in LOCAL_HEAPS))
    return found


def _properties(path: Path) -> dict[str, int]:
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def needs(composition: Mapping[str, Any], wanted: Sequence[str] = ()) -> dict[int, dict[str, int]]:
    """What each service needs in bytes, by the number of its GPU; of all services, or of those that are ``wanted``.

    Raises:
        NotToldError: a service has a GPU and does not say what it needs, or says it in no number.
    """
    found: dict[int, dict[str, int]] = {}
    for name, service in composition["services"].items():
        if not service.get("devices") or (wanted and name not in wanted):
            continue
        number = str(service.get("environment", {}).get("HIP_VISIBLE_DEVICES") or "")
        if not number.isdigit():
            raise NotToldError(f"{name}: {name.upper()}_GPU is {number!r}; give the number of one GPU")
        size = re.fullmatch(r"(\d+(?:\.\d+)?)([gm])b?", str(service.get("labels", {}).get(LABEL, "")).lower())
        if size is None:
            raise NotToldError(f"{name}: {name.upper()}_VRAM does not say what it needs; give it as 4g or 500m")
        found.setdefault(int(number), {})[name] = round(float(size[1]) * (1 << {"g": 30, "m": 20}[size[2]]))
    return found


def verdict(needed: Mapping[int, Mapping[str, int]], memory: Sequence[int]) -> tuple[list[str], bool]:
    """A line for each GPU that is asked for, and whether all of it fits."""
    lines, fits = [], True
    for number, services in sorted(needed.items()):
        total = sum(services.values())
        parts = " + ".join(f"{name} {size / (1 << 30):g}" for name, size in services.items())
        if number >= len(memory):
            lines.append(f"GPU {number}: {parts} GiB; there is no such GPU among the {len(memory)} of this machine")
            fits = False
            continue
        word = "fits into" if total <= memory[number] else "does NOT fit into"
        lines.append(f"GPU {number}: {parts} = {total / (1 << 30):g} GiB {word} {memory[number] / (1 << 30):.1f} GiB")
        fits = fits and total <= memory[number]
    return lines, fits


def _composition() -> Any:
    files = [argument for name in FILES for argument in ("-f", str(HERE / name))]
    asked = [*_compose(), *files, "config", "--format", "json"]
    read = subprocess.run(asked, capture_output=True, text=True, check=False)
    if read.returncode != 0:
        raise NotToldError(read.stderr.strip())
    return json.loads(read.stdout)


def _compose() -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        # There is a docker without compose.
        if shutil.which(command[0]) and not subprocess.run([*command, "version"], capture_output=True).returncode:
            return command
    raise NotToldError("there is neither docker compose nor docker-compose here")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the sums; 0 where all fits, 1 where it does not, 2 where that cannot be told."""
    parser = argparse.ArgumentParser(prog="python3 deploy/vram.py", description=__doc__)
    parser.add_argument("services", nargs="*", help="those that are to run [all that have a GPU]")
    options = parser.parse_args(arguments)
    try:
        needed = needs(_composition(), options.services)
        memory = cards()
        if not memory:
            raise NotToldError(f"{TOPOLOGY} tells of no AMD GPU; is the driver amdgpu loaded?")
    except NotToldError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    lines, fits = verdict(needed, memory)
    print("\n".join(lines))
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
