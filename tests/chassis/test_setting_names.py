"""A variable that looks like a setting and is none is refused, with the one that was probably meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon_cli.services import PORTS
from antiphon_wire.exits import CANNOT_START
from chassis.models.settings import StoreSettings
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.setting_names import OF_ONE_SERVICE, OF_PROGRAMS, OF_THE_STORE, fields_of, refuse_misspelt
from chassis.settings import SettingError
from gateway.settings import GatewaySettings
from tools.pages.variables import FAMILIES

ROOT = Path(__file__).parents[2]
SPEECH = (ServerSettings, WorkerSettings, FAMILIES["speech"])


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("SPEECH_DEVCE", "SPEECH_DEVICE"),
        ("SPEECH_LOGLEVEL", "SPEECH_LOG_LEVEL"),
        ("ANTIPHON_THREADCOUNT", "ANTIPHON_THREAD_COUNT"),
        ("ANTIPHON_MODEL", "ANTIPHON_MODELS"),
        ("ANTIPHON_SPEECH_DEVICE", "SPEECH_DEVICE"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant(given: str, meant: str) -> None:
    with pytest.raises(SettingError, match=f"^{given} is no setting; did you mean {meant}\\?$"):
        refuse_misspelt("SPEECH", *SPEECH, environ={given: "1"})


def test_one_that_is_like_none_is_refused_too() -> None:
    with pytest.raises(SettingError, match=r"ANTIPHON_Q7 is no setting; docs/settings\.md"):
        refuse_misspelt("SPEECH", *SPEECH, environ={"ANTIPHON_Q7": "1"})


@pytest.mark.parametrize(
    "variable",
    [
        "SPEECH_DEVICE",
        "ANTIPHON_GRAPH_DIR",  # separation's
        "ANTIPHON_MAX_ATTEMPTS",  # the gateway's
        "ANTIPHON_STATE",
        "ESSENTIA_DEVCE",  # somebody else's to refuse
        "SPEECHES_HELD",
        "SPEECH_SERVICE_HOST",
        "SPEECH_SERVICE_PORT_GRPC",
        "SPEECH_PORT_50052_TCP_ADDR",
    ],
)
def test_settings_and_what_an_orchestrator_sets_are_let_pass(variable: str) -> None:
    refuse_misspelt("SPEECH", *SPEECH, environ={variable: "1"})


@pytest.mark.parametrize("variable", ["ANTIPHON_MAX_AUDIO_SECONDS", "ANTIPHON_DEVICE", "ANTIPHON_MODELS"])
def test_what_is_set_for_all_services_does_not_stop_the_gateway(variable: str) -> None:
    refuse_misspelt("GATEWAY", ServerSettings, GatewaySettings, environ={variable: "1"})


def test_a_variable_without_a_value_is_as_good_as_not_set() -> None:
    refuse_misspelt("SPEECH", *SPEECH, environ={"SPEECH_DEVCE": ""})


def test_every_setting_of_any_service_is_known_to_all() -> None:
    assert fields_of([*FAMILIES.values(), GatewaySettings]) == OF_ONE_SERVICE
    assert fields_of([StoreSettings]) == OF_THE_STORE
    assert {name.upper() for name in PORTS} <= OF_PROGRAMS


def test_a_server_does_not_start_with_a_misspelt_setting() -> None:
    command = [sys.executable, "-m", "gateway"]
    environment = os.environ | {"GATEWAY_MAX_ATTEMTS": "2"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == CANNOT_START
    assert done.stderr == "error: GATEWAY_MAX_ATTEMTS is no setting; did you mean GATEWAY_MAX_ATTEMPTS?\n"
