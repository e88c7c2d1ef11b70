"""No command opens a file for writing but through ``antiphon_cli.outputs``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.gateway_process import ROOT

CLI = ROOT / "cli" / "antiphon_cli"
WRITERS = {
    "write_text",
    "write_bytes",
    "mkstemp",
    "replace",
    "rename",
    "link",
    "symlink_to",
    "copyfile",
    "copy",
    "move",
}
OF_THE_SYSTEM = {"os", "shutil", "tempfile", "Path"}
ELSEWHERE = ("outputs/", "stack/")
"""The one place, and the supervisor, whose logs and state are no outputs of a command."""


def writes(source: str) -> Iterator[int]:
    """Yields the line of each call that writes a file."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        owner, _, method = name.rpartition(".")
        modes = [each.value for each in (*node.args, *(word.value for word in node.keywords)) if _is_text(each)]
        opens = method == "open" and any(set(mode) & set("wax+") for mode in modes if len(mode) <= 4)
        if opens or (method in WRITERS and (owner in OF_THE_SYSTEM or method.startswith("write_"))):
            yield node.lineno


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


MODULES = sorted(
    path.relative_to(CLI).as_posix()
    for path in CLI.rglob("*.py")
    if not path.relative_to(CLI).as_posix().startswith(ELSEWHERE)
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_writes_no_file_by_itself(module: str) -> None:
    assert list(writes((CLI / module).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source", ["open(p, 'w')", "p.open(mode='ab')", "Path(p).write_text(t)", "os.replace(a, b)", "tempfile.mkstemp()"]
)
def test_what_writes_is_found(source: str) -> None:
    assert list(writes(source)) == [1]


def test_what_reads_is_not(tmp_path: Path) -> None:
    assert list(writes("open(p)\np.open('rb')\ntext.replace('a', 'b')")) == []
