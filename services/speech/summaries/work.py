"""How an answer was made: what every model of this family says of itself, with what the request asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chassis.models import InstalledModel
from chassis.reports import WorkReport


class Described(Protocol):
    """A loaded model as far as it tells of itself; see :class:`services.speech.contract.Recognizer`."""

    device: str
    precision: str
    library_versions: Mapping[str, str]
    parameters: Mapping[str, str]


def work_facts(
    model: InstalledModel, loaded: Described, parameters: Mapping[str, str], seed: int | None = None
) -> WorkReport:
    """Puts together how an answer was computed.

    Args:
        model: The model that is installed.
        loaded: The same one, loaded; its own parameters go last.
        parameters: What the request asked, defaults filled in.
        seed: Where text was sampled from one.
    """
    return WorkReport(
        engine=model.model.engine,
        model=model.report(),
        device=loaded.device,
        precision=loaded.precision,
        library_versions=loaded.library_versions,
        parameters={"model": model.name, **parameters, **loaded.parameters},
        seed=seed,
    )


def written(flag: bool) -> str:
    """Writes a switch as every parameter has it.

    >>> written(True)
    'true'
    """
    return str(flag).lower()
