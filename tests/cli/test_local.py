"""Commands that are told no address ask what ``antiphon up`` started, and where they fail they say what that was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from antiphon_cli.local import address_of, up_command, whereabouts
from antiphon_cli.services import default_address
from antiphon_cli.stack.processes import process_birth
from antiphon_cli.stack.state import Phase, ServiceState, StackState


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that runs, at ports of its own, the gateway and speech."""
    monkeypatch.setenv("ANTIPHON_STATE", str(tmp_path))
    services = [ServiceState("speech", 6002, Phase.READY), ServiceState("gateway", 6000, Phase.READY)]
    StackState(os.getpid(), process_birth(os.getpid()), Phase.READY, services).save(tmp_path / "state.json")


@pytest.mark.usefixtures("stack")
def test_a_service_of_the_stack_is_asked_where_it_runs() -> None:
    assert (address_of("speech"), address_of("gateway")) == ("127.0.0.1:6002", "127.0.0.1:6000")
    assert address_of("separation") == default_address("separation")


@pytest.mark.usefixtures("stack")
def test_a_service_that_the_stack_does_not_have_is_told_of_with_what_starts_it() -> None:
    told = whereabouts("separation", default_address("separation"))
    assert "antiphon up runs speech, gateway here and no separation" in told
    assert told.endswith("antiphon up --services separation,speech --base-port 6000")


@pytest.mark.usefixtures("stack")
def test_another_address_than_that_of_the_stack_is_told_of() -> None:
    assert whereabouts("speech", "127.0.0.1:1") == "antiphon up runs it at 127.0.0.1:6002"
    assert "antiphon status" in whereabouts("speech", "127.0.0.1:6002")


def test_what_starts_it_again_has_the_port_of_the_last_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTIPHON_STATE", str(tmp_path))
    assert up_command() == "antiphon up"
    ended = StackState(os.getpid(), "another process", Phase.STOPPED, [ServiceState("gateway", 6000, Phase.STOPPED)])
    ended.save(tmp_path / "state.json")
    assert up_command() == "antiphon up --base-port 6000"
    assert whereabouts("speech", "127.0.0.1:1").endswith("Start services with: antiphon up --base-port 6000")


def test_without_a_stack_the_usual_address_is_said_to_be_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTIPHON_STATE", str(tmp_path))
    assert whereabouts("speech", address_of("speech")).startswith("It is the usual address; antiphon up runs nothing")
