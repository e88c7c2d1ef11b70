"""What the program of the model store says: rows, as JSON for a program or as sentences for a person."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TextIO

from antiphon_wire.errors import AntiphonError
from chassis.models.events import Event, Note, Progress
from chassis.models.plan import Plan

Row = dict[str, object]
Speak = Callable[[Row], None]


def row_of(event: Event) -> Row:
    """An event of a pull as a row."""
    if isinstance(event, Progress):
        row: Row = {"event": "progress", "model": event.model, "file": event.file, "done": event.done}
        return row if event.total is None else {**row, "total": event.total}
    if isinstance(event, Note):
        return {"event": "note", "model": event.model, "message": event.message}
    row = {"event": "installed", "model": event.model, "service": event.service}
    return {**row, "directory": str(event.directory), "fetched": event.fetched}


def plan_row(planned: Plan) -> Row:
    """What a pull would fetch, as a row."""
    return {"event": "plan", **asdict(planned)}


def error_row(error: AntiphonError, model: str = "") -> Row:
    """An error as a row, with the model that it is about, where there is one."""
    row: Row = {"event": "error", "reason": error.reason, "message": error.message}
    return {**row, "model": model} if model else row


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


def speak_json(row: Row) -> None:
    """Prints one row for a program."""
    _write(sys.stdout, f"{json.dumps(row)}\n")


class Voice:
    """Says the same rows to a person; errors go to stderr.

    On a terminal progress stays on one line; elsewhere it is told at each tenth.
    """

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._tenth: tuple[object, int] = ("", -1)
        self._open_line = False

    def __call__(self, row: Row) -> None:
        """Prints one row."""
        if row["event"] == "progress":
            self._progress(row)
            return
        if self._open_line:
            _write(sys.stdout, "\n")
            self._open_line = False
        _write(sys.stderr if row["event"] == "error" else sys.stdout, f"{self._sentence(row)}\n")

    def _progress(self, row: Row) -> None:
        done, total = int(str(row["done"])), int(str(row.get("total", 0)))
        # Where nobody said how long it is, each 100 MB is told.
        tenth = (row["file"], 10 * done // total if total else done // 100_000_000)
        line = f"{row['model']}: {row['file']}  {_megabytes(done)}" + (f" of {_megabytes(total)}" if total else "")
        if self._terminal:
            _write(sys.stdout, f"\r\x1b[2K{line}")
            self._open_line = True
        elif tenth != self._tenth:
            _write(sys.stdout, f"{line}\n")
        self._tenth = tenth

    @staticmethod
    def _sentence(row: Row) -> str:
        model = row.get("model", "")
        if row["event"] == "model":
            marks = [word for word in ("default", "starter") if row[word]]
            marks += [] if row["commercial_use"] else ["not for commercial use"]
            size = row.get("download_bytes")
            state = (
                "installed" if row["installed"] else f"{_megabytes(int(str(size)))} to fetch" if size else "to fetch"
            )
            note = f" ({', '.join(marks)})" if marks else ""
            return f"{model:31} {row['service']:12} {state:18} {row['license_spdx']:12} {row['summary']}{note}"
        size = _megabytes(int(str(row.get("bytes") or 0)))
        return {
            "plan": f"{len(row.get('models') or ())} models to fetch, {size}{_unstated(row)}",  # type: ignore[arg-type]
            "removed": f"{model}: {f'removed, {size} are free' if row.get('there') else 'was not installed'}",
            "pruned": f"{size} are free",
            "prunable": f"{size} belong to no model any more; delete them with: prune --yes",
            "usage": f"{model:31} {size}",
            "total": f"{'all files':31} {size}",
            "installed": f"{model}: {'installed' if row.get('fetched') else 'was installed already'}",
            "verified": f"{model}: {row.get('files')} files are sound",
            "absent": f"{model}: not installed",
            "imported": f"{row.get('files')} files taken in from {row.get('directory')}",
            "note": f"{model}: {row.get('message')}" if model else str(row.get("message")),
            "error": f"{model}: {row.get('message')}" if model else str(row.get("message")),
        }[str(row["event"])]


def _unstated(row: Row) -> str:
    unknown = row.get("unknown")
    if not isinstance(unknown, list | tuple) or not unknown:
        return ""
    return f", and those whose size nobody states: {', '.join(map(str, unknown))}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
