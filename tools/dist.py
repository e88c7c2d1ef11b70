"""Builds what others install: the wheel and the source archive of the SDK and the command line.

``python -m tools.dist`` leaves them in ``build/dist`` and prints each with its size and SHA-256. They are built from a
copy of what belongs in them, so that nothing of an earlier build gets in. The wheel holds the time of the last commit
and not of the build: two wheels of a commit, built by the same setuptools, are equal to the byte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("gen", "wire", "renderers", "client", "cli", "pyproject.toml", "README.md", "LICENSE")
"""What a distribution is made from; services run from a checkout or an image."""
KEPT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.lock", "requirements.in")


def copy_sources(target: Path) -> None:
    """Copies what a distribution is made from into an empty folder."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=KEPT_OUT)
        else:
            shutil.copy(ROOT / name, target / name)


def last_commit_time() -> str:
    """Returns the time of the last commit in seconds since 1970, or 1980's first day where there is no repository.

    An archive of the zip kind, such as a wheel, has no earlier time.
    """
    asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 and asked.stdout.strip() else "315532800"


def build(folder: Path) -> list[Path]:
    """Builds wheel and source archive into a folder.

    Returns:
        Their paths, the wheel first.

    Raises:
        subprocess.CalledProcessError: the build failed; it has said why on standard error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in (*folder.glob("antiphon-*.whl"), *folder.glob("antiphon-*.tar.gz")):
        earlier.unlink()
    with tempfile.TemporaryDirectory(prefix="antiphon-dist-") as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        copy_sources(source)
        # The wheel is made from the source archive: whoever has that alone can make it too.
        command = [sys.executable, "-m", "uv", "build", "--quiet", "--python", sys.executable]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": last_commit_time()}
        subprocess.run([*command, "--out-dir", str(folder), str(source)], env=environment, check=True)
    return sorted([*folder.glob("antiphon-*.tar.gz"), *folder.glob("antiphon-*.whl")])


def main() -> int:
    """Builds into ``build/dist`` and tells what is there."""
    for path in build(ROOT / "build" / "dist"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size} bytes  sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
