"""What the model store's program tells, in words: results on stdout, the rest on stderr."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from antiphon_cli.terminal import counted, plain

_TENTHS = 10


class View:
    """Shows events: results on stdout, the rest on stderr; bars on a terminal, a line each tenth elsewhere."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        console = Console(stderr=True)
        self._clock = clock
        self._starts: dict[str, tuple[float, int]] = {}
        self._progress: Progress | None = None
        if console.is_terminal:
            columns = (
                *(TextColumn("{task.description}"), BarColumn(), DownloadColumn()),
                *(TransferSpeedColumn(), TimeRemainingColumn()),
            )
            self._progress = Progress(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def __enter__(self) -> View:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, line: str) -> None:
        """Shows one line of the program; one that is no event is shown as it is."""
        event = event_of(line)
        if not event:
            click.echo(line)
        elif event["event"] == "progress":
            self._show_progress(
                str(event.get("model", "")), str(event.get("file", "")), event.get("done"), event.get("total")
            )
        else:
            click.echo(_sentence(event), err=event["event"] in ("error", "note"))

    def _show_progress(self, model: str, file: str, done: int | None, total: int | None) -> None:
        name = plain(f"{model}: {file}")
        if self._progress is not None:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(escape(name), total=total)
            self._progress.update(self._tasks[name], completed=done or 0, total=total)
            return
        now = self._clock()
        began, held = self._starts.setdefault(name, (now, done or 0))
        tenth = _TENTHS * (done or 0) // total if total else 0
        if self._tenths.get(name) != tenth:
            self._tenths[name] = tenth
            known = f" of {size(total)}" if total else ""
            pace = _pace((done or 0) - held, now - began, (total or 0) - (done or 0))
            click.echo(f"{name}  {size(done or 0)}{known}{pace}", err=True)


def _pace(fetched: int, seconds: float, left: int) -> str:
    """How fast it goes and how long it will take; empty in the first second, which tells neither."""
    if seconds < 1 or fetched <= 0:
        return ""
    rate = fetched / seconds
    return f", {size(round(rate))}/s" + (f", {left / rate:.0f} s left" if left > 0 else "")


def _sentence(event: dict[str, Any]) -> str:
    model, kind, count = str(event.get("model", "")), event["event"], size(int(event.get("bytes") or 0))
    sentences = {
        "installed": "installed" if event.get("fetched", True) else "was installed already",
        "verified": _verified(event.get("files")),
        "absent": "not installed",
        "imported": f"{counted(event.get('files') or 0, 'file')} taken from {event.get('directory')}",
        "removed": f"removed, {count} are free" if event.get("there") else "was not installed",
        "pruned": f"{count} are free",
        "prunable": f"{count} belong to no model any more; delete them with: antiphon models prune --yes",
        "plan": planned(event),
        "usage": f"{count}{_shared(event)}",
        "total": f"{count} in all, of these {size(int(event.get('orphan_bytes') or 0))} of no model; broken-off "
        f"transfers beside: {size(int(event.get('partial_bytes') or 0))}",
        "error": f"{event.get('reason', 'error')}: {event.get('message', '')}",
        "note": str(event.get("message", "")),
    }
    text = sentences.get(str(kind)) or json.dumps(event)
    return plain(f"{model}: {text}" if model else text)


def planned(event: dict[str, Any]) -> str:
    """What a pull would fetch, in words."""
    unknown, gated = event.get("unknown") or [], event.get("gated") or []
    more = f", and {len(unknown)} whose size nobody states" if unknown else ""
    terms = f"; gated, so with HF_TOKEN alone: {', '.join(map(str, gated))}" if gated else ""
    return f"{len(event.get('models') or [])} models, {size(int(event.get('bytes') or 0))} to fetch{more}{terms}"


def _shared(event: dict[str, Any]) -> str:
    shared = int(event.get("shared_bytes") or 0)
    return f", {size(shared)} of it shared with others" if shared else ""


def _verified(files: int | None) -> str:
    if not files:
        return "has no files to check"
    return "its file has the right digest" if files == 1 else f"all {files} files have the right digest"


def event_of(line: str) -> dict[str, Any]:
    """Reads one line of the program; empty where it is no event."""
    try:
        event: Any = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and "event" in event else {}


def size(count: int) -> str:
    """Gives a number of bytes for people, such as ``145.2 MB``."""
    if count < 1_000_000:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{count / 1e9:.2f} GB"
