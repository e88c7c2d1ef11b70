"""Where generated music goes: files that appear when they are whole, standard output, a player."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from antiphon.audio.v1 import audio_pb2
from antiphon_cli import exits
from antiphon_cli.outputs import standard
from antiphon_cli.outputs.errors import writing
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.safe_file import SafeFile
from antiphon_client import apply_patches

PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-"),
    ("mpv", "--no-video", "--really-quiet", "-"),
    ("aplay", "-q", "-"),
)
"""Programs that play a WAV stream from their input, the first that is there being taken."""


Patches = Iterable[audio_pb2.BytePatch]
"""What a stream's header could not say before its end."""


class Sink(Protocol):
    """Takes the bytes of one piece; used as a context, which leaves nothing half done behind."""

    def __enter__(self) -> Sink: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, data: bytes) -> None:
        """Takes the next bytes."""

    def finish(self, patches: Patches) -> None:
        """Ends the piece; a file takes the patches."""


class FileSink:
    """A file, written beside its place and moved there when it is whole.

    Args:
        path: Its place; missing folders are made.
        rules: What it may take the place of.
        root: Folder of all pieces; None where the path itself was named.

    Raises:
        OutputError: it may not be written.
    """

    def __init__(self, path: Path, rules: Rules, root: Path | None) -> None:
        self._file = SafeFile(path, rules, root)

    def __enter__(self) -> FileSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.discard()

    def write(self, data: bytes) -> None:
        """Appends to the file."""
        self._file.write(data)

    def finish(self, patches: Patches) -> None:
        """Writes into the header what only the end tells, and moves the file to its place."""
        with writing(self._file.path):
            apply_patches(self._file.file, patches)
        self._file.commit()


class StandardOutput(contextlib.nullcontext["StandardOutput"]):
    """Standard output, each block at once."""

    def __enter__(self) -> StandardOutput:
        return self

    def write(self, data: bytes) -> None:
        """Writes and flushes."""
        standard.send(data)

    def finish(self, patches: Patches) -> None:
        """Does nothing: what was written is gone."""


class Player:
    """A program that plays what it is sent; the generation waits where the player has enough.

    Args:
        players: Programs to choose from.

    Raises:
        Failure: there is none of them.
    """

    def __init__(self, players: Sequence[tuple[str, ...]] = PLAYERS) -> None:
        command = next((each for each in players if shutil.which(each[0]) is not None), None)
        if command is None:
            names = ", ".join(each[0] for each in players)
            raise exits.Failure(f"there is no player here; install one of {names}, or write to a file with --out")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert self._process.stdin is not None
        self._input: IO[bytes] = self._process.stdin

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._input.close()

    def write(self, data: bytes) -> None:
        """Sends bytes to the player.

        Raises:
            Failure: it has ended.
        """
        try:
            self._input.write(data)
            self._input.flush()
        except BrokenPipeError:
            raise exits.Failure("the player ended before the music did") from None

    def finish(self, patches: Patches) -> None:
        """Waits until all has been played."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        if (code := self._process.wait()) != 0:
            raise exits.Failure(f"the player ended with exit code {code}")
