"""A folder in which files are found by what they hold."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon_wire.errors import not_ready
from chassis.models.blobs import digest


class Mirror:
    """A folder in which files are found by what they hold; their names and places do not matter."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise not_ready("MODEL_MIRROR_MISSING", f"{folder} is no folder; give one that holds files", folder=folder)
        self.folder = folder
        self._by_size: dict[int, list[Path]] | None = None
        self._digests: dict[Path, str] = {}

    def find(self, sha256: str, size: int | None) -> Path | None:
        """A file of that size and digest, or None. Only files of the right size are read; none without a size."""
        if size is None:
            return None
        if self._by_size is None:
            self._by_size = {}
            for folder, _, names in os.walk(self.folder):
                for path in (Path(folder, name) for name in sorted(names)):
                    if path.is_file():
                        self._by_size.setdefault(path.stat().st_size, []).append(path)
        for path in self._by_size.get(size, ()):
            if path not in self._digests:
                self._digests[path] = digest(path)
            if self._digests[path] == sha256:
                return path
        return None
