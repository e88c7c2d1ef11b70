"""The script that runs before a service: it passes over nothing that it was named."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.deploy.kubernetes.facts import ROOT

SCRIPT = ROOT / "deploy" / "kubernetes" / "base" / "verify-models.sh"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty model store, beside a ``python`` as an image has it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def verify(store: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Runs the script over a store."""
    told = {**os.environ, "PATH": f"{store.parent / 'bin'}:/usr/bin:/bin", "ANTIPHON_MODELS": str(store)}
    return subprocess.run([str(SCRIPT), *names], env=told, capture_output=True, text=True, check=False, timeout=60)


def test_a_model_that_is_whole_lets_the_service_start(store: Path) -> None:
    # It writes by rule and has no files, so that it is whole in any store.
    ended = verify(store, "facts")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert '"event": "verified"' in ended.stdout


def test_a_model_that_was_never_fetched_does_not(store: Path) -> None:
    ended = verify(store, "facts", "swift-f0")
    assert ended.returncode == 1
    assert '"event": "absent"' in ended.stdout
    assert "run the job of deploy/kubernetes/models" in ended.stderr


def test_a_model_that_is_damaged_does_not(store: Path) -> None:
    rows = tomllib.loads((ROOT / "services" / "essentia" / "models.toml").read_text(encoding="utf-8"))["models"]
    (file,) = next(row for row in rows if row["name"] == "swift-f0")["files"]
    blobs = store / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (blobs / file["sha256"]).write_bytes(bytes(file["size"]))
    ended = verify(store, "swift-f0")
    assert ended.returncode == 1
    assert "MODEL_CORRUPT" in ended.stdout


def test_a_name_that_is_no_model_does_not(store: Path) -> None:
    ended = verify(store, "swift-f9")
    assert ended.returncode == 2
    assert "UNKNOWN_MODEL" in ended.stdout
