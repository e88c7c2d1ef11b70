"""``antiphon models``: the store's program runs as a child, its events are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.checkouts import make_checkout

_PROGRAM = """
import json, sys
if "--help" in sys.argv:
    print("usage: antiphon models pull")
    sys.exit(0)
for event in [
    {"event": "progress", "model": "m", "file": "w.bin", "done": 0, "total": 1000},
    {"event": "progress", "model": "m", "file": "w.bin", "done": 1, "total": 1000},
    {"event": "progress", "model": "m", "file": "w.bin", "done": 1000, "total": 1000},
    {"event": "installed", "model": "m", "fetched": True},
    {"event": "error", "model": "n", "reason": "DOWNLOAD_FAILED", "message": "no answer"},
    {"event": "never heard of", "n": 1},
]:
    print(json.dumps(event))
sys.exit(int(sys.argv[-1]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_checkout(tmp_path / "project")
    (folder / "chassis" / "models").mkdir()
    (folder / "chassis" / "models" / "__main__.py").write_text(_PROGRAM)
    return folder


def test_events_are_told_in_words_and_the_exit_code_is_passed_on(antiphon: Any, project: Path) -> None:
    done = antiphon("models", "pull", "m", "1", ANTIPHON_ROOT=str(project))
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == ["m: installed", '{"event": "never heard of", "n": 1}']
    assert done.stderr.decode().splitlines() == [
        "m: w.bin  0.0 kB of 1.0 kB",
        "m: w.bin  1.0 kB of 1.0 kB",
        "n: DOWNLOAD_FAILED: no answer",
    ]


def test_json_is_passed_on_as_it_is(antiphon: Any, project: Path) -> None:
    done = antiphon("models", "pull", "--json", "0", ANTIPHON_ROOT=str(project))
    assert done.returncode == 0
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][3:5] == ["installed", "error"]


def test_help_of_a_subcommand_is_the_programs_own(antiphon: Any, project: Path) -> None:
    done = antiphon("models", "pull", "--help", ANTIPHON_ROOT=str(project))
    assert (done.returncode, done.stdout) == (0, b"usage: antiphon models pull\n")


def test_without_a_checkout_it_says_what_it_needs(antiphon: Any, tmp_path: Path) -> None:
    done = antiphon("models", "list", ANTIPHON_ROOT=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"antiphon: ANTIPHON_ROOT is {tmp_path}, which is no checkout of Antiphon: it has no Makefile\n"
    )
