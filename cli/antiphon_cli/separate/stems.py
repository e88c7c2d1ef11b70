"""Stems on disk: written beside their place while they come, moved there when they are whole."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli.audio.encodings import EXTENSIONS
from antiphon_cli.audio.file_headers import complete
from antiphon_cli.each_file import numbered
from antiphon_cli.files import new_file_mode
from antiphon_cli.progress import Reporter, show_stage
from antiphon_client import AntiphonClientError
from antiphon_wire.rpcs import SeparateEvent


class StemFiles:
    """The stems of one analysis; leaving the context removes whatever was not committed.

    Args:
        folder: Where to put ``<stem>.<extension>``; made when the first stem comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._extension = ""
        self._made_folder = False
        self._parts: dict[str, tuple[IO[bytes], Path]] = {}

    def __enter__(self) -> StemFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def begin(self, header: separation_pb2.SeparationHeader) -> None:
        """Begins the stems of a header, again from nothing where a stage is tried again.

        Raises:
            AntiphonClientError: STEM_ENCODING for one that this client does not know.
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

    def write(self, event: separation_pb2.StemChunk) -> None:
        """Appends a chunk to its stem.

        Raises:
            AntiphonClientError: STEM_NAME for a name that is no plain file name.
            OSError: it cannot be written.
        """
        if event.stem not in self._parts:
            self._parts[event.stem] = self._open(event.stem)
        self._parts[event.stem][0].write(event.chunk.data)

    def commit(self, frame_counts: Mapping[str, int]) -> list[Path]:
        """Moves all stems to their places, over older ones; returns the paths in order of arrival.

        Args:
            frame_counts: Length of each stem, which its header could not say while it was being made.
        """
        written = []
        for stem, (file, part) in list(self._parts.items()):
            complete(file, self._extension, frame_counts.get(stem, 0))
            file.flush()
            os.fsync(file.fileno())
            file.close()
            path = self._folder / f"{stem}.{self._extension}"
            os.replace(part, path)
            del self._parts[stem]
            written.append(path)
        return written

    def discard(self) -> None:
        """Removes the parts that were not committed."""
        for file, part in self._parts.values():
            file.close()
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
        if self._parts and self._made_folder:
            with contextlib.suppress(OSError):  # somebody else may have put something in
                self._folder.rmdir()
        self._parts.clear()

    def _open(self, stem: str) -> tuple[IO[bytes], Path]:
        # The name comes from the server: it must not lead out of the folder.
        if not re.fullmatch(r"\w[\w.-]{0,99}", stem, re.ASCII):
            raise AntiphonClientError(
                "DATA_LOSS", "STEM_NAME", f"a stem is called {stem!r}, which is no file name", {"stem": stem}
            )
        self._made_folder |= not self._folder.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{stem}.", suffix=".part", dir=self._folder)
        os.fchmod(descriptor, new_file_mode())
        return os.fdopen(descriptor, "w+b"), Path(name)


class StemSink(Protocol):
    """Takes the stems of one separation; :class:`StemFiles` and what is like it."""

    def begin(self, header: separation_pb2.SeparationHeader) -> None:
        """Begins the stems of a header."""

    def write(self, event: separation_pb2.StemChunk) -> None:
        """Appends a chunk to its stem."""

    def commit(self, frame_counts: Mapping[str, int]) -> list[Path]:
        """Ends all stems; returns their files, where there are any."""


def receive_stems(
    events: Iterable[SeparateEvent], stems: StemSink, shown: Reporter
) -> tuple[separation_pb2.SeparationSummary, list[Path]]:
    """Takes in one separation; returns its summary, and its files in order of arrival."""
    summary = separation_pb2.SeparationSummary()
    for event in events:
        if isinstance(event, evidence_pb2.Progress):
            show_stage(shown, "separation", event)
        elif isinstance(event, separation_pb2.SeparationHeader):
            stems.begin(event)
        elif isinstance(event, separation_pb2.StemChunk):
            stems.write(event)
        elif isinstance(event, separation_pb2.SeparationSummary):
            summary = event
    return summary, stems.commit({stem.name: stem.frame_count for stem in summary.stems})


def stem_folders(files: Sequence[Path], folder: Path | None) -> list[Path | None]:
    """Returns the folder of each file's stems: DIR for one file; for several DIR/<name>, numbered where it repeats."""
    if folder is None or len(files) == 1:
        return [folder] * len(files)
    return [folder / name for name in numbered(path.stem for path in files)]
