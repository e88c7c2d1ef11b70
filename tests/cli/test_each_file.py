"""The exit code of several files, and what is said of one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon_cli import exits
from antiphon_cli.connection import Connection
from antiphon_cli.each_file import attempt, each_file
from antiphon_client import AntiphonClientError

SPEECH = Connection("speech", {"speech": "127.0.0.1:1"}, 10.0, None, quiet=True)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], exits.OK),
        ([exits.OK, exits.OK], exits.OK),
        ([exits.OK, exits.FAILED], exits.FAILED),
        ([exits.UNREACHABLE, exits.FAILED], exits.FAILED),
        ([exits.OK, exits.UNREACHABLE], exits.UNREACHABLE),
    ],
)
def test_the_exit_code_is_that_of_all_that_failed(codes: list[int], code: int) -> None:
    done: list[int] = []

    def job(index: int) -> int:
        done.append(index)
        return codes[index]

    assert each_file(job, range(len(codes))) == code
    assert done == list(range(len(codes))), "one that fails stops nobody"


def test_what_is_found_is_passed_on() -> None:
    done = attempt(lambda: "text", "talk.wav", SPEECH)
    assert (done.found, done.problem, done.code) == ("text", {}, exits.OK)


def test_an_error_of_the_service_names_file_and_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTIPHON_STATE", str(tmp_path))

    def work() -> str:
        raise AntiphonClientError("UNAVAILABLE", "SERVICE_UNREACHABLE", "nobody answers", {"target": "127.0.0.1:1"})

    done = attempt(work, "talk.wav", SPEECH)
    assert (done.found, done.code) == (None, exits.UNREACHABLE)
    assert done.problem["metadata"] == {"target": "127.0.0.1:1"}
    assert capsys.readouterr().err.splitlines() == [
        "antiphon: talk.wav: SERVICE_UNREACHABLE: nobody answers",
        "Is the speech service running at 127.0.0.1:1? antiphon up runs nothing here. Start services with: antiphon up",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "absent.wav"
    done = attempt(path.read_bytes, "absent.wav", SPEECH, path)
    assert (done.found, done.code, done.problem["reason"]) == (None, exits.FAILED, "FILE")
    assert f"No such file or directory: {path}" in capsys.readouterr().err
