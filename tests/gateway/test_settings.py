"""The gateway's settings: refused where they contradict each other."""

from __future__ import annotations

import pytest

from chassis.settings import SettingError, read
from gateway.analysis.plan import STAGES
from gateway.settings import GatewaySettings


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_service_of_the_plan_has_a_target_and_a_time(stage: object) -> None:
    settings = GatewaySettings()
    assert ":" in settings.target(stage.service)  # type: ignore[attr-defined]
    assert settings.seconds(stage.service) > 0  # type: ignore[attr-defined]
    assert settings.start_seconds(stage.service) is None  # type: ignore[attr-defined]
    assert stage.service in settings.services  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "environ",
    [
        {"GATEWAY_MAX_ATTEMPTS": "0"},
        {"GATEWAY_SERVICES": "speech,speach"},
        {"GATEWAY_SERVICES": "speech,none"},
        {"GATEWAY_SERVICES_CA_FILE": "/ca.pem", "GATEWAY_SERVICES_CERT_FILE": "/cert.pem"},
        {"GATEWAY_SERVICES_CERT_FILE": "/cert.pem", "GATEWAY_SERVICES_KEY_FILE": "/key.pem"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(SettingError):
        read(GatewaySettings, "GATEWAY", environ)
