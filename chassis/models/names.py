"""Names of files within a model: paths with forward slashes that stay below its folder."""

from __future__ import annotations

from pathlib import PurePosixPath


def inside(name: str) -> bool:
    """Whether ``name`` is a path below the model's folder, in its plainest form."""
    path = PurePosixPath(name)
    plain = str(path) == name and name != "." and "\\" not in name and "\0" not in name
    return plain and not path.is_absolute() and ".." not in path.parts
