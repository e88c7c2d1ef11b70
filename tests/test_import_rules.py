"""The import rules bite: a planted violation fails the linter, and names the rule that it breaks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("gen", "wire", "renderers", "client", "cli")
LINTER = Path(sys.executable).parent / "lint-imports"
LAYERS = "What stands higher is not known below"
APART = "Services and programs do not know each other"
COMPUTES = "What computes never sees the wire"
GATEWAY = "The gateway speaks only protobuf"

PLANTED = {
    "the gateway imports numpy": ("gateway/analysis/plan.py", "import numpy", GATEWAY),
    "the gateway imports the choice of a model": ("gateway/settings.py", "import chassis.family.selection", GATEWAY),
    "the gateway imports a service": ("gateway/analysis/plan.py", "import services.speech.contract", APART),
    "an analysis imports a face": ("gateway/analysis/plan.py", "import gateway.faces.grpc", LAYERS),
    "a service imports another": ("services/speech/service.py", "import services.separation.contract", APART),
    "a service imports the client": ("services/speech/job.py", "import antiphon_client", COMPUTES),
    "an engine imports gRPC": ("services/speech/job.py", "import grpc", COMPUTES),
    "an engine imports chunks": ("services/speech/job.py", "import antiphon_wire.chunks", COMPUTES),
    "a contract imports messages": (
        "services/essentia/contract/__init__.py",
        "import antiphon.essentia.v1.essentia_service_pb2",
        COMPUTES,
    ),
    "the chassis imports a service": ("chassis/upload.py", "import services.speech.contract", LAYERS),
    "the wire imports the chassis": ("wire/antiphon_wire/chunks.py", "import chassis.reports", LAYERS),
    "errors import the wire": ("wire/antiphon_wire/errors.py", "import antiphon_wire.status", COMPUTES),
    "the client imports the chassis": ("client/antiphon_client/upload.py", "import chassis.reports", LAYERS),
    "the client imports the command line": ("client/antiphon_client/upload.py", "import antiphon_cli", LAYERS),
    "the command line imports the gateway": ("cli/antiphon_cli/program.py", "import gateway.settings", APART),
}

pytestmark = pytest.mark.skipif(not LINTER.exists(), reason="import-linter is not installed in this environment")


def copy(target: Path) -> None:
    for name in ("chassis", "cli", "client", "gateway", "gen", "renderers", "services", "wire"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.lock"))
    shutil.copy(ROOT / "pyproject.toml", target)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(folder / part) for part in ("", *FOLDERS))}
    return subprocess.run(
        [str(LINTER), "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_tree_as_it_is_keeps_every_rule(tmp_path: Path) -> None:
    copy(tmp_path)
    done = lint(tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, case: str) -> None:
    path, line, rule = PLANTED[case]
    copy(tmp_path)
    file = tmp_path / path
    file.write_text(file.read_text() + f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    assert any(rule in line for line in broken), done.stdout
