"""The rehearsal: what counts as passed, where it is skipped, and that an engine reads what it is asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tools.rehearsal import __main__ as program
from tools.rehearsal import scenarios
from tools.rehearsal.callers import Analysis
from tools.rehearsal.recordings import KINDS, Kind, work_of
from tools.rehearsal.report import Outcome, row
from tools.rehearsal.scenarios import SCENARIOS

FINE = Analysis("short", began=10.0, seconds=0.25, attempts=1, replica="r0")
LATE = Analysis("long", began=10.0, seconds=7.0, attempts=2, waited=True, replica="r1")
LOST = Analysis("short", began=10.0, seconds=1.0, attempts=4, fault="SERVICE_LOST")


def test_ten_scenarios_have_words_of_their_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == 10


@pytest.mark.parametrize(
    ("analyses", "missing", "passed"),
    [
        ([FINE, LATE], "", True),
        ([FINE, LOST], "", False),
        ([FINE], "r3 answered nobody", False),
        ([], "", False),  # nobody asked, so that nothing was shown
    ],
)
def test_a_scenario_has_passed_where_it_came_about_and_nothing_was_lost(
    analyses: list[Analysis], missing: str, passed: bool
) -> None:
    assert Outcome("kill", "one is killed", analyses, missing).passed is passed


def test_a_row_tells_the_worst_wait_of_each_kind_beyond_its_work_and_every_fault() -> None:
    lines = row(Outcome("kill", "one is killed", [FINE, LATE, LOST], "r3 answered nobody")).splitlines()
    assert lines[0].split() == ["kill", "one", "is", "killed", "3", "1", "2", "0.9", "6.0", "-"]
    assert [line.strip() for line in lines[1:]] == ["1 ended with SERVICE_LOST", "r3 answered nobody"]


def act(name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Analysis]], str]:
    """Has a scenario happen to replicas that nothing befalls; gives its check."""

    class Untouched:
        def __getattr__(self, name: str) -> object:
            return Untouched()

        def __call__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(scenarios.time, "sleep", lambda _: None)
    monkeypatch.setattr(scenarios.time, "monotonic", lambda: 0.0)
    scenario = next(each for each in SCENARIOS if each.name == name)
    return scenario.act(Untouched())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_a_scenario_that_does_not_come_about_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first replica answers long after it should have gone, nobody is asked twice, and no new one answers.
    assert act(name, monkeypatch)([FINE]) != ""


@pytest.mark.parametrize("name", ["kill", "partition", "hang", "single", "names-out"])
def test_an_analysis_that_was_hit_shows_that_a_scenario_came_about(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert act(name, monkeypatch)([FINE, LATE]) == ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_engine_reads_how_long_it_is_to_work(kind: Kind) -> None:
    recording = kind.recording(70_000)
    assert len(recording) == kind.byte_count
    assert work_of(np.frombuffer(recording, "<i2")[0] / np.float32(32_768)) == kind.work_ms
    assert recording != kind.recording(70_001)


@pytest.mark.parametrize(("strict", "code"), [("", 0), ("1", 1)])
def test_what_cannot_be_rehearsed_is_skipped_and_fails_where_it_must_not_be(
    strict: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRICT", strict)
    monkeypatch.setattr(shutil, "which", lambda program: None if program == "dnsmasq" else f"/bin/{program}")
    assert program.main([]) == code
    assert capsys.readouterr().out == "rehearsal SKIPPED: there is no dnsmasq; install dnsmasq-base\n"


def test_a_scenario_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["flood"])
    assert "there is no scenario 'flood'; choose from kill, drain, " in capsys.readouterr().err
