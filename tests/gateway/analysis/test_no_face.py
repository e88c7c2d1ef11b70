"""An analysis has no face: what serves, and what a caller's connection is, occur nowhere in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway

GATEWAY = Path(gateway.__file__ or "").parent
ANALYSIS = sorted((GATEWAY / "analysis").rglob("*.py"))
BELOW_FACES = sorted(path for path in GATEWAY.rglob("*.py") if "faces" not in path.relative_to(GATEWAY).parts)
FOREIGN_MODULES = ("grpc", "gateway.faces", "gateway.settings", "chassis.server")
FOREIGN_NAMES = {"ServicerContext", "Upload"}


def names(tree: ast.Module) -> Iterator[str]:
    """Yields each module and each name of it that is imported, dotted, and every attribute and name that is used."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case ast.Attribute():
                yield node.attr
            case ast.Name():
                yield node.id


def foreign(tree: ast.Module) -> list[str]:
    """Lists what an analysis must not know of what a module names."""
    return sorted(
        name
        for name in set(names(tree))
        if any(f"{name}.".startswith(f"{module}.") for module in FOREIGN_MODULES)
        or name.rpartition(".")[2] in FOREIGN_NAMES
        or name.endswith(("_pb2_grpc", "Servicer"))
    )


def test_what_must_not_occur_is_seen_where_it_does() -> None:
    planted = ast.parse(
        "import grpc\n"
        "from gateway.faces.grpc import service\n"
        "from chassis.upload import Spool, Upload\n"
        "from antiphon.speech.v1 import speech_service_pb2_grpc as speech_grpc\n"
        "def serve(context: aio.ServicerContext) -> None: ...\n"
    )
    assert foreign(planted) == [
        "ServicerContext",
        "antiphon.speech.v1.speech_service_pb2_grpc",
        "chassis.upload.Upload",
        "gateway.faces.grpc.service",
        "grpc",
    ]


@pytest.mark.parametrize("path", ANALYSIS, ids=lambda path: str(path.relative_to(GATEWAY)))
def test_no_module_of_an_analysis_knows_what_serves_it(path: Path) -> None:
    assert foreign(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", BELOW_FACES, ids=lambda path: str(path.relative_to(GATEWAY)))
def test_a_face_is_mounted_by_the_main_module_alone(path: Path) -> None:
    mounts = any(name.startswith("gateway.faces") for name in names(ast.parse(path.read_text(encoding="utf-8"))))
    assert mounts is (path.relative_to(GATEWAY) == Path("__main__.py"))
