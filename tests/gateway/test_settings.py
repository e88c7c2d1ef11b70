"""The gateway's settings: documented, and refused where they contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway
from chassis.settings import SettingError, describe, read
from gateway.analysis.plan import STAGES
from gateway.settings import GatewaySettings

README = Path(gateway.__file__ or "").parent / "README.md"


@pytest.mark.parametrize(("variable", "default"), [row[:2] for row in describe(GatewaySettings, "GATEWAY")])
def test_every_setting_is_in_the_readme_with_its_default(variable: str, default: str) -> None:
    (row,) = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{variable}` |")]
    assert row.split("|")[2].strip().strip("`") == default


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_service_of_the_plan_has_a_target_and_a_time(stage: object) -> None:
    settings = GatewaySettings()
    assert ":" in settings.target(stage.service)  # type: ignore[attr-defined]
    assert settings.seconds(stage.service) > 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "environ",
    [
        {"GATEWAY_MAX_ATTEMPTS": "0"},
        {"GATEWAY_SERVICES_CA_FILE": "/ca.pem", "GATEWAY_SERVICES_CERT_FILE": "/cert.pem"},
        {"GATEWAY_SERVICES_CERT_FILE": "/cert.pem", "GATEWAY_SERVICES_KEY_FILE": "/key.pem"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(SettingError):
        read(GatewaySettings, "GATEWAY", environ)
