"""``antiphon models``: the model store's own program, its progress shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from antiphon_cli import exits
from antiphon_cli.project import environment_python, need_checkout, python_path
from antiphon_cli.services import GATEWAY
from antiphon_cli.terminal import plain

_TENTHS = 10


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Exit codes: 0 all well, 1 a model failed, 2 wrong usage, 130 interrupted.",
)
@click.argument("arguments", nargs=-1, metavar="COMMAND [ARGS]...", type=click.UNPROCESSED)
def models(arguments: tuple[str, ...]) -> int:
    """List, install, verify or import models. COMMAND is list, pull, verify or import; each has a --help.

    With --json the program's own lines, one JSON object each, are passed on as they are.

    \b
    Examples:
      antiphon models list
      antiphon models pull starter
      antiphon models pull whisper-base
      antiphon models verify
      antiphon models import /media/usb/models
    """
    if not arguments:
        raise click.UsageError("give a command: list, pull, verify or import")
    root = need_checkout(os.environ, "antiphon models lists and installs the models of")
    raw = "--json" in arguments
    environment = {**os.environ, "PYTHONPATH": python_path(root)}
    command = [_python(root), "-P", "-m", "chassis.models", "--json", *(each for each in arguments if each != "--json")]
    process = subprocess.Popen(command, env=environment, stdout=None if raw else subprocess.PIPE)
    try:
        if process.stdout is not None:
            with _View() as view:
                for line in process.stdout:
                    view.show(line.decode(errors="replace").rstrip("\n"))
        code = process.wait()
    except BaseException:
        # Ctrl-C has reached the child too; one that was interrupted otherwise is told here.
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if code in (-signal.SIGINT, exits.INTERRUPTED):
        raise KeyboardInterrupt
    return code if code >= 0 else exits.FAILED


def _python(root: Path) -> str:
    """The gateway's interpreter; ours until that one has been made, since the store's program needs nothing more."""
    own = environment_python(root, GATEWAY)
    return str(own) if own.exists() else sys.executable


class _View:
    """Shows events: results on stdout, the rest on stderr; bars on a terminal, a line each tenth elsewhere."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress: Progress | None = None
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self._progress = Progress(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def __enter__(self) -> _View:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, line: str) -> None:
        """Shows one line of the program; one that is no event is shown as it is."""
        try:
            event: Any = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "event" not in event:
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
        tenth = _TENTHS * (done or 0) // total if total else 0
        if self._tenths.get(name) != tenth:
            self._tenths[name] = tenth
            known = f" of {_size(total)}" if total else ""
            click.echo(f"{name}  {_size(done or 0)}{known}", err=True)


def _sentence(event: dict[str, Any]) -> str:
    model, kind = str(event.get("model", "")), event["event"]
    if kind == "model":
        return plain(_listed(event))
    sentences = {
        "installed": "installed" if event.get("fetched", True) else "was installed already",
        "verified": f"all {event.get('files')} files have the right digest",
        "absent": "not installed",
        "imported": f"{event.get('files')} files taken from {event.get('directory')}",
        "error": f"{event.get('reason', 'error')}: {event.get('message', '')}",
        "note": str(event.get("message", "")),
    }
    text = sentences.get(str(kind)) or json.dumps(event)
    return plain(f"{model}: {text}" if model else text)


def _listed(event: dict[str, Any]) -> str:
    state = "installed" if event.get("installed") else f"{_size(event.get('download_bytes') or 0)} to fetch"
    marks = [word for word in ("default", "starter") if event.get(word)]
    marks += [] if event.get("commercial_use", True) else ["not for commercial use"]
    note = f"  ({', '.join(marks)})" if marks else ""
    licence, service = event.get("license_spdx", ""), event.get("service", "")
    return f"{event.get('model', ''):<31} {service:<12} {state:<20} {licence:<14} {event.get('summary', '')}{note}"


def _size(count: int) -> str:
    if count < 1_000_000:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{count / 1e9:.2f} GB"
