"""What is told on standard error fits where a person reads it, and stays whole where a program does."""

from __future__ import annotations

import os

import pytest

from antiphon.evidence.v1 import evidence_pb2
from antiphon_cli import terminal

LONG = "word " * 40 + "end"


def test_an_error_fits_the_columns_that_are_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    terminal.complain(LONG, "song.mp3")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("antiphon: song.mp3: word")


def test_an_error_fits_a_terminal_and_is_one_line_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    for is_terminal in (True, False):
        monkeypatch.setattr(os, "isatty", lambda _number, is_terminal=is_terminal: is_terminal)
        terminal.complain(LONG)
        lines = capsys.readouterr().err.splitlines()
        assert (max(map(len, lines)) <= 80) is is_terminal
        assert (len(lines) == 1) is not is_terminal


def test_a_warning_is_told_from_an_error(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal.show_warnings([evidence_pb2.Warning(reason="CLIPPED", message="it is loud")], "song.mp3")
    assert capsys.readouterr().err == "antiphon: warning: song.mp3: CLIPPED: it is loud\n"


def test_a_command_that_mends_it_is_not_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    command = "make -C /a/rather/long/folder/of/somebody .venvs/speech/.ready and more"
    terminal.complain(f"there is no environment of the service; make it with: {command}")
    assert capsys.readouterr().err.splitlines()[-1] == f"  {command}"
