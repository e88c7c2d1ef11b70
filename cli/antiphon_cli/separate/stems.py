"""Stems on disk: written beside their place while they come, moved there when they are whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli.audio.encodings import EXTENSIONS
from antiphon_cli.outputs.errors import Skipped, writing
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.safe_file import SafeFile
from antiphon_cli.progress import Reporter, show_stage
from antiphon_client import AntiphonClientError, apply_patches
from antiphon_wire.rpcs import SeparateEvent


class StemFiles:
    """The stems of one recording; leaving the context removes whatever was not committed.

    Args:
        folder: Where to put ``<stem>.<extension>``; made when the stems are whole.
        rules: What they may take the place of.
        root: Folder that holds those of all recordings, and the hidden files of stems that are being made.
    """

    def __init__(self, folder: Path, rules: Rules, root: Path | None = None) -> None:
        self._folder, self._rules, self._root = folder, rules, root or folder
        self._extension = ""
        self._left: set[str] = set()
        self._parts: dict[str, SafeFile] = {}

    def __enter__(self) -> StemFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def begin(self, header: separation_pb2.SeparationHeader) -> None:
        """Begins the stems of a header, again from nothing where a stage is tried again.

        Raises:
            AntiphonClientError: STEM_ENCODING or STEM_NAME for one that this client cannot write.
            OutputError: a stem may not be written.
        """
        self.discard()
        extension = EXTENSIONS.get(header.encoding)
        if extension is None:
            raise AntiphonClientError(
                "UNIMPLEMENTED",
                "STEM_ENCODING",
                f"stems come in encoding {header.encoding}, which this client does not know",
            )
        self._extension = extension
        self._left = {stem for stem in header.stems if self._rules.leaves(self._path(stem))}
        for stem in set(header.stems) - self._left:
            self._rules.check(self._path(stem))

    def leaves_all(self, header: separation_pb2.SeparationHeader) -> bool:
        """Tells whether every stem of the header is there already and is to be left."""
        return bool(header.stems) and self._left.issuperset(header.stems)

    def write(self, event: separation_pb2.StemChunk) -> None:
        """Appends a chunk to its stem.

        Raises:
            AntiphonClientError: STEM_NAME for a name that is no plain file name.
            OutputError: it cannot be written.
        """
        if event.stem in self._left:
            return
        if event.stem not in self._parts:
            self._parts[event.stem] = SafeFile(self._path(event.stem), self._rules, self._root)
        self._parts[event.stem].write(event.chunk.data)

    def commit(self, made: Iterable[separation_pb2.Stem]) -> list[Path]:
        """Moves all stems to their places, all or none; returns the paths in order of arrival.

        Args:
            made: What was told of each stem at the end, with what its header could not say while it was being made.

        Raises:
            OutputError: they cannot be written.
        """
        patches = {stem.name: stem.patches for stem in made}
        for name, part in self._parts.items():
            with writing(part.path):
                apply_patches(part.file, patches.get(name, ()))
        fresh: list[Path] = []
        try:
            for part in self._parts.values():
                new = not os.path.lexists(part.path)
                part.commit()
                fresh += [part.path] if new else []
        except BaseException:
            for path in fresh:
                path.unlink(missing_ok=True)
            raise
        written = [part.path for part in self._parts.values()]
        self._parts.clear()
        return written

    def discard(self) -> None:
        """Removes the parts that were not committed."""
        # The folders were made for the first one, so it is the last to go.
        for part in reversed(self._parts.values()):
            part.discard()
        self._parts.clear()

    def _path(self, stem: str) -> Path:
        # The name comes from the server: it must not lead out of the folder.
        if not re.fullmatch(r"\w[\w.-]{0,99}", stem, re.ASCII):
            raise AntiphonClientError(
                "DATA_LOSS", "STEM_NAME", f"a stem is called {stem!r}, which is no file name", {"stem": stem}
            )
        return self._folder / f"{stem}.{self._extension}"


class StemSink(Protocol):
    """Takes the stems of one separation; :class:`StemFiles` and what is like it."""

    def begin(self, header: separation_pb2.SeparationHeader) -> None:
        """Begins the stems of a header."""

    def leaves_all(self, header: separation_pb2.SeparationHeader) -> bool:
        """Tells whether nothing of it is to be written."""

    def write(self, event: separation_pb2.StemChunk) -> None:
        """Appends a chunk to its stem."""

    def commit(self, made: Iterable[separation_pb2.Stem]) -> list[Path]:
        """Ends all stems; returns their files, where there are any."""


def receive_stems(
    events: Iterable[SeparateEvent], stems: StemSink, shown: Reporter
) -> tuple[separation_pb2.SeparationSummary, list[Path]]:
    """Takes in one separation; returns its summary, and its files in order of arrival.

    Raises:
        Skipped: every stem is there already and is to be left.
    """
    summary = separation_pb2.SeparationSummary()
    for event in events:
        if isinstance(event, evidence_pb2.Progress):
            show_stage(shown, "separation", event)
        elif isinstance(event, separation_pb2.SeparationHeader):
            stems.begin(event)
            if stems.leaves_all(event):
                raise Skipped(f"the stem {each}" for each in event.stems)
        elif isinstance(event, separation_pb2.StemChunk):
            stems.write(event)
        elif isinstance(event, separation_pb2.SeparationSummary):
            summary = event
    return summary, stems.commit(summary.stems)
