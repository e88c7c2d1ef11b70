"""The shell scripts of the project, read by shellcheck."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deploy.checks.tool import Tool

SHELLCHECK = Tool("shellcheck", "apt-get install shellcheck", of_the_system=True)


def check_scripts(folder: Path) -> Iterator[str]:
    """Checks every script below the folder, and those of the checkout that it is in; tells what was checked.

    Raises:
        Absent: there is no shellcheck.
        Problem: it has a finding.
    """
    elsewhere = [folder.parent / ".ci" / "run", *sorted((folder.parent / "tools").glob("*.sh"))]
    scripts = [*sorted(folder.rglob("*.sh")), *(path for path in elsewhere if path.is_file())]
    SHELLCHECK.run(["--severity=style", *map(str, scripts)])
    yield f"{len(scripts)} scripts: no findings"
