"""One version everywhere."""

from __future__ import annotations

import tomllib
from pathlib import Path

from antiphon_client import version as client_version
from chassis.version import VERSION

ROOT = Path(__file__).parent.parent.parent


def test_the_package_the_services_and_the_client_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert project == VERSION == client_version.VERSION
