"""A worker finds the system's libraries though it can run no program that lists them."""

from __future__ import annotations

import ctypes.util
import subprocess
from typing import Any

import pytest

from chassis.worker.sandbox import libraries


def test_what_is_remembered_is_what_would_have_been_found() -> None:
    known = libraries.listed()
    if not known:
        pytest.skip("there is no ldconfig here")
    assert known["c"] == ctypes.util.find_library("c")
    assert known.get("no-such-library") is None


def test_it_is_found_without_running_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    if not libraries.listed():
        pytest.skip("there is no ldconfig here")
    monkeypatch.setattr(ctypes.util, "find_library", ctypes.util.find_library)  # put back afterwards
    libraries.keep_finding()

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert ctypes.util.find_library("c") == "libc.so.6"
    assert ctypes.util.find_library("no-such-library") is None


def test_where_ldconfig_cannot_be_run_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ctypes.util.find_library

    def refuse(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", refuse)
    libraries.keep_finding()
    assert ctypes.util.find_library is before
