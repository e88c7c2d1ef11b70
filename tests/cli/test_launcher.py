"""The launcher at the root: from any folder, through a link, making its environment on first use."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

from tests.fixtures.gateway_process import ROOT

_PYTHON = """#!/bin/sh
echo "python $*"
echo "path $PYTHONPATH"
echo "root $ANTIPHON_ROOT"
"""


def checkout(folder: Path) -> Path:
    """A copy of the launcher with a Makefile whose environment is a script that says how it was called."""
    folder.mkdir()
    shutil.copy(ROOT / "antiphon", folder / "antiphon")
    (folder / "fake-python").write_text(_PYTHON)
    (folder / "Makefile").write_text(
        ".venvs/cli/.ready:\n"
        "\t@echo making\n"
        "\t@mkdir -p .venvs/cli/bin && cp fake-python .venvs/cli/bin/python\n"
        "\t@chmod +x .venvs/cli/bin/python && touch $@\n"
    )
    return folder / "antiphon"


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("ANTIPHON_ROOT", "MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        [str(program), *arguments], cwd=cwd, env=kept, capture_output=True, text=True, check=True, timeout=30
    )


def test_it_makes_the_environment_once_and_tells_of_it_on_stderr(tmp_path: Path) -> None:
    launcher = checkout(tmp_path / "project with space")
    first = run(launcher, "version", cwd=tmp_path)
    second = run(launcher, "version", cwd=tmp_path)
    assert first.stderr == "making\n"
    assert second.stderr == ""
    assert first.stdout == second.stdout


def test_it_works_through_links_and_passes_arguments_on(tmp_path: Path) -> None:
    root = tmp_path / "project"
    launcher = checkout(root)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "second").symlink_to("../project/antiphon")
    link = tmp_path / "antiphon"
    link.symlink_to("bin/second")
    assert launcher.stat().st_mode & stat.S_IXUSR
    done = run(link, "analyze", "a b.wav", "", cwd=Path("/"))
    assert done.stdout.splitlines() == [
        "python -P -m antiphon_cli analyze a b.wav ",
        "path " + ":".join(f"{root}/{part}" for part in ("cli", "client", "renderers", "wire", "gen")) + f":{root}",
        f"root {root}",
    ]
