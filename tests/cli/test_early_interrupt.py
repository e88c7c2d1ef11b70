"""Ctrl-C while the program is still loading its libraries ends it as at any other time."""

from __future__ import annotations

import sys
import types

import pytest

import antiphon_cli


class Interrupted(types.ModuleType):
    """A module in whose loading Ctrl-C is pressed."""

    def __getattr__(self, name: str) -> object:
        raise KeyboardInterrupt


def test_an_interrupt_while_loading_is_one_line_and_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "antiphon_cli.program", Interrupted("antiphon_cli.program"))
    assert antiphon_cli.main(["status"]) == 130
    assert capsys.readouterr().err == "antiphon: interrupted\n"
