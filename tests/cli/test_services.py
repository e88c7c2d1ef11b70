"""The table of services says what the services themselves say."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from antiphon_cli.analyze.request import WITH_A_MODEL
from antiphon_cli.services import BASE_PORT, FAMILIES, GATEWAY, PORTS, default_address, spoken
from antiphon_client import DEFAULT_TARGET
from tests.fixtures.gateway_process import ROOT


def folders() -> list[str]:
    """Every family, by its folder."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/settings.py"))


@pytest.mark.parametrize("family", folders())
def test_a_family_is_in_the_table_with_the_port_of_its_own_settings(family: str) -> None:
    assert PORTS.get(family) == importlib.import_module(f"services.{family}.settings").PORT


def test_there_is_nothing_else_in_the_table() -> None:
    assert sorted(PORTS) == sorted([GATEWAY, *folders()])
    assert sorted(FAMILIES) == folders()


def test_the_sdk_calls_the_gateway_where_the_table_has_it() -> None:
    assert default_address(GATEWAY) == DEFAULT_TARGET
    assert min(PORTS.values()) == BASE_PORT, "a base port moves all others up"


@pytest.mark.parametrize("family", folders())
def test_every_family_can_be_asked_for_its_models_under_its_own_name(family: str) -> None:
    messages = importlib.import_module(f"antiphon.{family}.v1.{family}_service_pb2")
    (service,) = messages.DESCRIPTOR.services_by_name.values()
    call = service.methods_by_name["ListModels"]
    assert list(call.input_type.fields_by_name) == []
    assert {"identity", "default_model", "installed", "install_command"} <= set(
        call.output_type.fields_by_name["models"].message_type.fields_by_name
    )


def test_the_stages_whose_model_can_be_chosen_are_those_with_a_setting_for_it() -> None:
    assert "speech" in WITH_A_MODEL
    assert "essentia" not in WITH_A_MODEL, "several models answer at once"


def test_a_service_is_named_as_a_sentence_names_it() -> None:
    assert [spoken(name) for name in (GATEWAY, "speech")] == ["gateway", "speech service"]


def test_no_other_module_of_the_command_line_knows_a_port() -> None:
    modules = (ROOT / "cli" / "antiphon_cli").rglob("*.py")
    knowing = [path for path in modules if any(str(port) in path.read_text() for port in PORTS.values())]
    # The examples of status and up are for people: gateway.example:50050.
    assert sorted(path.name for path in knowing if path != Path("services.py")) == ["command.py", "services.py"]
