"""A text for each source: to standard output, to the file that is named, or to files of their names in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon_cli.outputs import standard
from antiphon_cli.outputs.places import Source, places
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.safe_file import write_file


@dataclass(frozen=True)
class Texts:
    """Where texts go.

    Attributes:
        out: A file, or a folder where it is one, ends like one (``texts/``) or there are several sources; None or
            ``-`` for standard output.
        extension: Of their files, without the dot.
        rules: What they may take the place of.
    """

    out: str | None
    extension: str
    rules: Rules

    def places(self, sources: Sequence[Source], given: int = 0) -> list[Path | None]:
        """Returns the file of each source's text; None for standard output.

        Args:
            sources: What there is a text of.
            given: How many were named, where some of them cannot be read.
        """
        if self.out is None or self.out == "-":
            return [None] * len(sources)
        if not self._is_folder(max(given, len(sources))):
            return [Path(self.out)] * len(sources)
        return [Path(self.out) / place for place in places(sources, self.extension)]

    def check(self, place: Path | None) -> None:
        """Refuses, before any work, a text that may not be written.

        Raises:
            OutputError: it may not.
        """
        if place is not None:
            self.rules.check(place)

    def write(self, place: Path | None, text: str) -> None:
        """Writes a text.

        Raises:
            OutputError: the file may not be written, or cannot be.
            StandardOutputGone: standard output cannot be.
        """
        if place is None:
            # Lyrics come back as they were given, and a prompt belongs on a line of its own.
            standard.tell(text, newline=sys.stdout.isatty() and not text.endswith("\n"))
        else:
            folder = None if self.out is None or place == Path(self.out) else Path(self.out)
            write_file(place, text.encode(), self.rules, folder)

    def _is_folder(self, count: int) -> bool:
        return count > 1 or (self.out is not None and (self.out.endswith(("/", os.sep)) or Path(self.out).is_dir()))
