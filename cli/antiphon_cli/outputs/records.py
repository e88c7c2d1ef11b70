"""``--json PATH``: one document for one input; for several a line for each, written when it is done."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import click

from antiphon_cli.outputs import standard
from antiphon_cli.outputs.errors import OutputError, writing
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.safe_file import SafeFile, write_all, write_file
from antiphon_cli.terminal import shown_name

_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Records:
    """Takes the record of each input as it is done; used as a context.

    Of several inputs, each record is on the disk before the next one is begun, so that an interrupt loses none. With
    ``--skip-existing`` the lines of a run before are kept, and their files count as done.

    Args:
        path: Where to; ``-`` for standard output, None for nowhere.
        several: Whether there is more than one input.
        rules: What may be replaced.

    Raises:
        OutputError: the file may not be written, or its lines cannot be read.
    """

    def __init__(self, path: str | None, several: bool, rules: Rules) -> None:
        self.path, self._several, self._rules = path, several, rules
        self._lines: _Lines | None = None
        self._done: frozenset[str] = frozenset()
        self._failed = False
        if path is not None and path != "-":
            if several and rules.leaves(Path(path)):
                self._lines = _Lines(path)
                self._done = self._lines.files()
            elif not rules.leaves(Path(path)):
                with writing(path):
                    rules.check(Path(path))

    def __enter__(self) -> Records:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lines is not None:
            self._lines.close()

    @property
    def places(self) -> list[Path]:
        """The file of the one input's record; none of several inputs, or where it goes to no file."""
        return [] if self.path in (None, "-") or self._several else [Path(self.path or "")]

    def has(self, path: Path) -> bool:
        """Tells whether a run before has done this file."""
        # Of a name that is no UTF-8 the record holds less than its bytes.
        return (name := told_name(path)) in self._done and "�" not in name

    def add(self, document: Mapping[str, Any]) -> None:
        """Writes one record.

        Raises:
            OutputError: it cannot be written.
            StandardOutputGone: standard output cannot.
        """
        self._failed = True
        if self.path is not None and not self._is_left():
            self._write(self.path, json_line(document) if self._several else json_text(document))
        self._failed = False

    def add_outcome(self, path: Path, outcome: Mapping[str, Any]) -> None:
        """Writes why there is nothing of a file; not where it was its record that could not be written.

        Raises:
            OutputError: it cannot be written.
            StandardOutputGone: standard output cannot.
        """
        if not self._failed and not self.has(path):
            self.add({"file": told_name(path), **outcome})
        self._failed = False

    def _is_left(self) -> bool:
        return any(self._rules.leaves(place) for place in self.places)

    def _write(self, path: str, text: str) -> None:
        if path == "-":
            standard.tell(text, newline=False)
        elif not self._several:
            write_file(Path(path), text.encode(), self._rules)
        elif self._lines is None:
            self._lines = _Lines(path, _begun(Path(path), text, self._rules))
        else:
            self._lines.append(text.encode())


class _Lines:
    """A file of lines, open at its end; it has no buffer, so that a line is there or is not."""

    def __init__(self, path: str, file: IO[bytes] | None = None) -> None:
        self._path = path
        with writing(path):
            self._file = file or open(path, "r+b", buffering=0)  # noqa: SIM115 - closed by close

    def files(self) -> frozenset[str]:
        """The names in the lines that are no errors; a last line that is not whole is cut off."""
        with writing(self._path):
            whole, newline, _ = self._file.read().rpartition(b"\n")
            try:
                documents = [json.loads(line) for line in whole.splitlines()]
                found = frozenset(str(each["file"]) for each in documents if "error" not in each)
            except (ValueError, TypeError, KeyError) as error:
                message = f"{shown_name(self._path)} holds no lines of this command, so none can be added to it"
                raise OutputError("OUTPUT_EXISTS", message) from error
            self._file.truncate(len(whole) + len(newline))
            self._file.seek(0, os.SEEK_END)
        return found

    def append(self, line: bytes) -> None:
        """Writes a line, and brings it to the disk where it is a file."""
        with writing(self._path):
            end = self._file.tell() if self._file.seekable() else None
            try:
                write_all(self._file, line)
                if end is not None:
                    os.fsync(self._file.fileno())
            except OSError:
                if end is not None:
                    self._file.truncate(end)  # no half a line
                    self._file.seek(end)
                raise

    def close(self) -> None:
        """Closes the file."""
        with writing(self._path):
            self._file.close()


def _begun(path: Path, line: str, rules: Rules) -> IO[bytes]:
    with SafeFile(path, rules) as file:
        file.write(line.encode())
        file.commit(keep_open=True)
        return os.fdopen(os.dup(file.file.fileno()), "wb", buffering=0)


def json_text(document: object) -> str:
    """Returns plain data as indented JSON with a newline at its end; undecodable names as JSON's own escapes."""
    return _escaped(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def json_line(document: object) -> str:
    """Returns plain data as one line of JSON."""
    return _escaped(json.dumps(document, ensure_ascii=False)) + "\n"


def told_name(path: Path | str) -> str:
    """Returns the name of a file as JSON can hold it: what is no UTF-8 is replaced, as nobody could read it."""
    return click.format_filename(path)


def _escaped(text: str) -> str:
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
