"""The times of a set-up's phases: noted as they end, added up by name, told once."""

from __future__ import annotations

from pathlib import Path

from tools import phases


def test_the_times_of_a_phase_are_added_up_and_told_once(tmp_path: Path) -> None:
    notes = tmp_path / "build" / "phases.tsv"
    for name, seconds in (("download", 2.5), ("compile", 130.0), ("download", 1.5)):
        phases.note(name, seconds, notes)
    assert phases.take(notes) == {"download": 4.0, "compile": 130.0}
    assert phases.take(notes) == {}


def test_a_phase_that_only_looked_is_not_noted(tmp_path: Path) -> None:
    phases.note("models", 0.2, tmp_path / "phases.tsv")
    assert phases.take(tmp_path / "phases.tsv") == {}


def test_a_command_keeps_its_exit_code() -> None:
    assert phases.main(["run", "nothing", "sh", "-c", "exit 3"]) == 3


def test_words_that_are_no_command_are_refused() -> None:
    assert phases.main(["run", "nothing"]) == 2
