"""Runs the model store's program, which is part of a checkout, and hands its lines on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from antiphon_cli import exits
from antiphon_cli.models.events import View
from antiphon_cli.project import environment_python, need_checkout, python_path
from antiphon_cli.services import GATEWAY


def shown(verb: str, arguments: Sequence[str], as_json: bool) -> int:
    """Runs a verb and shows what it tells, or passes its lines on; returns its exit code."""
    if as_json:
        return run([verb, *arguments], click.echo)
    with View() as view:
        return run([verb, *arguments], view.show)


def run(arguments: Sequence[str], take: Callable[[str], None]) -> int:
    """Runs the store's program and hands its lines on as they come; returns its exit code."""
    root = need_checkout(os.environ, "antiphon models lists and installs the models of")
    command = [_python(root), "-P", "-m", "chassis.models", "--json", *arguments]
    environment = {**os.environ, "PYTHONPATH": python_path(root)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            take(line.decode(errors="replace").rstrip("\n"))
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
