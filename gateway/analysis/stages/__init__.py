"""The stages, one module each: what is asked of a service, and what becomes of the answer.

A module here is a stage: it binds ``STAGE``, and nothing else has to name it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from gateway.analysis.stage import Stage


def collect() -> tuple[Stage, ...]:
    """Gives the stages of all modules of this folder, in the order in which the config declares their settings.

    The contract decides the order, not the names of files: records list their reports in it.
    """
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    stages: list[Stage] = [module.STAGE for module in modules]
    declared = [field.name for field in analysis_pb2.AnalysisConfig.DESCRIPTOR.fields]
    return tuple(sorted(stages, key=lambda stage: declared.index(stage.name)))
