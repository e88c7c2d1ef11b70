"""Whether the models that a config names are there, asked before the upload is taken in."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import grpc

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon_wire.errors import invalid, not_ready
from antiphon_wire.spelling import meant
from chassis.server.calls import outgoing_metadata
from gateway.analysis.plan import STAGES
from gateway.service_call import Route

SPEAKER_MODEL = "resemblyzer"
"""The model of the service speech that ``diarize`` cannot do without."""
LOOK_SECONDS = 2.0
"""A service that has not said by then which models it has is left to say so when it is asked for its part."""


async def refuse_absent_models(routes: Sequence[Route], config: analysis_pb2.AnalysisConfig) -> None:
    """Refuses a config that names a model, or cannot do without one, which its service does not know or has not got.

    A model that no stage names is the service's own choice, and its stage tells of it.

    Raises:
        AntiphonError: UNKNOWN_MODEL, MODEL_NOT_INSTALLED.
    """
    named = list(_named(config))
    asked = {route.service: route for route in routes if any(service == route.service for _, service, _ in named)}
    answers = dict(zip(asked, await asyncio.gather(*map(_models_of, asked.values())), strict=True))
    for field, service, name in named:
        if models := answers.get(service):
            _check(field, service, name, models)


def _named(config: analysis_pb2.AnalysisConfig) -> Iterator[tuple[str, str, str]]:
    """Yields the field, the service and the name of each model that the stages of a config name, or plainly need."""
    for stage in STAGES:
        if config.stages and stage.name not in config.stages:
            continue
        own: Any = getattr(config, stage.name)
        fields = own.DESCRIPTOR.fields_by_name
        if "model" in fields and own.model:
            yield f"config.{stage.name}.model", stage.service, own.model
        if "diarize" in fields and own.diarize:
            yield f"config.{stage.name}.diarize", stage.service, SPEAKER_MODEL
        if "tags" in fields:
            for name in own.tags.models:
                yield f"config.{stage.name}.tags.models", stage.service, name


async def _models_of(route: Route) -> Iterable[Any]:
    messages = importlib.import_module(f"antiphon.{route.service}.v1.{route.service}_service_pb2")
    (service,) = messages.DESCRIPTOR.services_by_name.values()
    call = route.replicas.channel.unary_unary(
        f"/{service.full_name}/ListModels",
        request_serializer=messages.ListModelsRequest.SerializeToString,
        response_deserializer=messages.ListModelsResponse.FromString,
    )
    try:
        answer = await call(messages.ListModelsRequest(), timeout=LOOK_SECONDS, metadata=outgoing_metadata())
    except grpc.aio.AioRpcError:
        return ()
    return tuple(answer.models)


def _check(field: str, service: str, name: str, models: Iterable[Any]) -> None:
    rows = {model.identity.name: model for model in models}
    if name not in rows:
        known = ", ".join(rows)
        message = f"no model named {name!r}; {meant(name, rows, f'{service} has {known}')}"
        raise invalid("UNKNOWN_MODEL", message, field=field, model=name, service=service, known=known)
    if not rows[name].installed:
        command = rows[name].install_command
        message = f"the model {name!r} is not installed; install it with: {command}"
        raise not_ready("MODEL_NOT_INSTALLED", message, model=name, service=service, command=command)
