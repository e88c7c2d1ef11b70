"""What an output may take the place of: never what is read, and what is there only where it was allowed."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from antiphon_cli.outputs.errors import OutputError, Skipped
from antiphon_cli.outputs.names import same_key
from antiphon_cli.terminal import shown_name


class Existing(Enum):
    """What becomes of an output that is there already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    SKIP = "skip"


class Rules:
    """Tells for each output of a run whether it may be written.

    Args:
        existing: What becomes of files that are there.
        inputs: Files that the run reads; standard input is one of them where it is a file.
    """

    def __init__(self, existing: Existing = Existing.REFUSE, inputs: Iterable[Path] = ()) -> None:
        self.existing = existing
        self._inputs: set[tuple[int, int]] = set()
        self._claimed: set[str] = set()
        for path in inputs:
            self.protect(path)
        if sys.stdin is not None:
            with suppress(OSError, ValueError):
                self._protect(os.fstat(sys.stdin.fileno()))

    def protect(self, path: Path) -> None:
        """Adds a file that is read: by its identity, so that no spelling, link or case of its name matters."""
        with suppress(OSError, ValueError):
            self._protect(os.stat(path))

    def check(self, path: Path) -> None:
        """Refuses an output that would replace an input, a folder, or what is there and must stay.

        Raises:
            OutputError: it is refused.
            OSError: what is there cannot be told.
        """
        shown = shown_name(path)
        found = _look(path)
        if found is None:
            return
        if (found.st_dev, found.st_ino) in self._inputs:
            raise OutputError("OUTPUT_IS_INPUT", f"{shown} is read by this command; give another place to write to")
        if stat.S_ISDIR(found.st_mode):
            raise OutputError("OUTPUT_UNWRITABLE", f"cannot write {shown}: it is a folder")
        if is_replaceable(found) and self.existing is not Existing.REPLACE:
            advice = "--overwrite replaces it" if self.existing is Existing.REFUSE else "it is left as it is"
            raise OutputError("OUTPUT_EXISTS", f"{shown} is there already; {advice}")

    def claim(self, path: Path) -> None:
        """Notes that the run writes this file.

        Raises:
            OutputError: OUTPUT_TWICE where it did so before.
        """
        key = same_key(Path(os.path.realpath(path)))
        if key in self._claimed:
            raise OutputError("OUTPUT_TWICE", f"{shown_name(path)} is written by this command already")
        self._claimed.add(key)

    def leaves(self, path: Path) -> bool:
        """Tells whether the output is there and is to be left."""
        if self.existing is not Existing.SKIP:
            return False
        found = _look(path)
        return found is not None and is_replaceable(found)

    def skip(self, paths: Iterable[Path | None]) -> None:
        """Ends the work on an item whose outputs are all there.

        Args:
            paths: Its outputs; one that is None is not known yet, or no file, and has to be made.

        Raises:
            Skipped: they are there and are to be left.
        """
        known = list(paths)
        if known and all(path is not None and self.leaves(path) for path in known):
            raise Skipped(shown_name(path) for path in known if path is not None)

    def _protect(self, found: os.stat_result) -> None:
        if stat.S_ISREG(found.st_mode):
            self._inputs.add((found.st_dev, found.st_ino))


def is_replaceable(found: os.stat_result) -> bool:
    """Tells a file, or a link that leads nowhere, from a pipe or a device, which is written into."""
    return stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)


def _look(path: Path) -> os.stat_result | None:
    """What is there, behind links; the link itself where it leads nowhere; None where there is nothing."""
    with suppress(FileNotFoundError):
        return os.stat(path)
    with suppress(FileNotFoundError):
        return os.lstat(path)
    return None
