"""A model that a service does not know, or has not got, is refused by the config, in every streaming call."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.family.host import FamilyHost
from chassis.server import ServerSettings, WorkerSettings
from tests.contract.trial import families

UNKNOWN = "no-such-model"
INSTALLED_NOWHERE = {
    "essentia": "discogs-genre",
    "llm_audio": "gemma-2-2b-it",
    "separation": "htdemucs",
    "speech": "whisper-base",
}
"""A model with weights of each family whose manifest has one; the store is empty."""


def calls() -> list[tuple[str, str]]:
    """Every streaming call of every family: (family, name)."""
    found = []
    for family in families():
        messages = importlib.import_module(f"antiphon.{family}.v1.{family}_service_pb2")
        (service,) = messages.DESCRIPTOR.services_by_name.values()
        found += [(family, each.name) for each in service.methods if each.client_streaming]
    return found


def config_of(request: Any, model: str) -> Any:
    """The config of a call that names a model."""
    config = request.DESCRIPTOR.fields_by_name["config"].message_type._concrete_class()
    if "sides" in config.DESCRIPTOR.fields_by_name:
        for name in "ab":
            config.sides.add(name=name, model=model).sampling.seed = ord(name)
    elif "tags" in config.DESCRIPTOR.fields_by_name:
        config.tags.models.append(model)
    else:
        config.model = model
    if "lyrics" in config.DESCRIPTOR.fields_by_name:
        config.lyrics = "hello"
    return config


async def refusal(family: str, name: str, model: str, folder: Path) -> AntiphonError:
    """What a call ends with whose upload must not be read."""
    module = importlib.import_module(f"services.{family}.service")
    settings = module.Settings()
    if hasattr(settings, "live_streams"):
        settings = dataclasses.replace(settings, live_streams=1)
    host = FamilyHost(module.family(settings), ServerSettings(spool_dir=folder), WorkerSettings(models=folder))
    messages = importlib.import_module(f"antiphon.{family}.v1.{family}_service_pb2")
    request = getattr(messages, f"{name}Request")

    async def upload() -> AsyncIterator[Any]:
        yield request(config=config_of(request, model))
        raise AssertionError("the upload was read")

    method = inspect.unwrap(getattr(module.Servicer, name))
    with pytest.raises(AntiphonError) as caught:
        async for _ in method(module.Servicer(host), upload(), None):
            pass
    host.spool.close()
    return caught.value


@pytest.mark.parametrize(("family", "name"), calls())
async def test_a_model_that_is_not_known_is_refused_by_the_config(family: str, name: str, tmp_path: Path) -> None:
    assert (await refusal(family, name, UNKNOWN, tmp_path)).reason == "UNKNOWN_MODEL"


# A comparison tells of a side whose model is not there in that side's outcome, and goes on with the others.
@pytest.mark.parametrize(
    ("family", "name"), [call for call in calls() if call[0] in INSTALLED_NOWHERE and call[1] != "Compare"]
)
async def test_a_model_that_is_not_installed_is_refused_by_the_config(family: str, name: str, tmp_path: Path) -> None:
    error = await refusal(family, name, INSTALLED_NOWHERE[family], tmp_path)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "MODEL_NOT_INSTALLED")
    assert error.metadata["command"] == f"antiphon models pull {INSTALLED_NOWHERE[family]}"
