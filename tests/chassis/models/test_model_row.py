"""``tools/model_row.py``: a checkpoint on disk becomes a manifest row that pins what is there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from chassis.models import Manifest

PROJECT = Path(__file__).parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "tools" / "model_row.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def checkpoint(folder: Path) -> Path:
    files = {"config.json": b"{}", "model.safetensors": b"weights", "pytorch_model.bin": b"a pickle", ".git": b"no"}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_every_file_is_pinned_and_pickles_are_left_out(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path)
    done = run(
        "music", str(folder), "--engine", "musicgen", "--licence", "CC-BY-NC-4.0", "--default", "--parameters", "3000"
    )
    assert done.returncode == 0, done.stderr
    manifest = tmp_path / "models.toml"
    manifest.write_text(done.stdout)
    (model,) = Manifest.load(manifest).models
    assert (model.name, model.engine, model.license_spdx, model.commercial_use) == (
        "music",
        "musicgen",
        "CC-BY-NC-4.0",
        False,
    )
    assert model.default
    assert model.parameter_count == 3000
    assert {file.name: (file.size, file.sha256) for file in model.files} == {
        "config.json": (2, hashlib.sha256(b"{}").hexdigest()),
        "model.safetensors": (7, hashlib.sha256(b"weights").hexdigest()),
    }


def test_a_hub_makes_the_row_one_that_others_can_pull(tmp_path: Path) -> None:
    arguments = ["music", str(checkpoint(tmp_path)), "--engine", "musicgen", "--licence", "MIT", "--commercial"]
    done = run(*arguments, "--hub", f"owner/name@{COMMIT}")
    (tmp_path / "models.toml").write_text(done.stdout)
    (model,) = Manifest.load(tmp_path / "models.toml").models
    assert model.revision == COMMIT
    assert {source.kind for file in model.files for source in file.sources} == {"hub"}
    assert run(*arguments, "--hub", "owner/name@main").returncode == 1


def test_the_row_and_the_folder_make_an_installed_model(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    done = run("music", str(checkpoint(folder)), "--engine", "musicgen", "--licence", "CC-BY-NC-4.0", "--default")
    extra = tmp_path / "my-models.toml"
    extra.write_text(done.stdout)
    environment = {
        **os.environ,
        "ANTIPHON_MODELS": str(tmp_path / "store"),
        "GENERATION_MODELS_EXTRA": str(extra),
        "PYTHONPATH": os.pathsep.join([str(PROJECT), str(PROJECT / "wire")]),
    }

    def models(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "chassis.models", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert models("import", str(folder)).returncode == 0
    assert models("verify", "music").returncode == 0
    blob = next((tmp_path / "store").rglob(hashlib.sha256(b"weights").hexdigest()))
    blob.chmod(0o600)  # the store keeps its files read-only
    blob.write_bytes(b"changed")
    assert models("verify", "music").returncode != 0


def test_a_folder_without_a_file_to_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "state_dict.bin").write_bytes(b"a pickle")
    done = run("music", str(tmp_path), "--engine", "musicgen", "--licence", "MIT")
    assert done.returncode == 1
    assert "no file that a service could read" in done.stderr
