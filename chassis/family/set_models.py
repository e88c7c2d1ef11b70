"""The models that a service's settings name: one that there is not is refused at the start, and not at every call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from antiphon_wire.spelling import meant
from chassis.models import Manifest
from chassis.server.refusal import CannotStartError
from chassis.settings import SHARED_PREFIX, environment

_SETTINGS = ("default_model", "tag_models")


def refuse_unknown(family: str, settings: Any, manifest: Manifest, environ: Mapping[str, str] | None = None) -> None:
    """Refuses a setting that names a model of no manifest.

    Args:
        family: Word of the family, such as ``speech``.
        settings: The family's own.
        manifest: Its models, those of the operator's own manifest among them.
        environ: The environment; the process' own where None.

    Raises:
        CannotStartError: there is no such model; the message names the setting, and the model that was probably meant.
    """
    for setting, name in _named(settings):
        if manifest.find(name) is None:
            own, shared = (f"{prefix}_{setting.upper()}" for prefix in (family.upper(), SHARED_PREFIX))
            variable = shared if environment(environ).get(shared) and not environment(environ).get(own) else own
            known = ", ".join(each.name for each in manifest.models) or "none"
            others = f"there are {known}, and others by a manifest of your own ({family.upper()}_MODELS_EXTRA)"
            hint = meant(name, manifest.names(), others)
            raise CannotStartError(f"{variable}={name!r}: {family} has no such model; {hint}")


def _named(settings: Any) -> Iterator[tuple[str, str]]:
    for setting in _SETTINGS:
        value = getattr(settings, setting, "")
        for name in (value,) if isinstance(value, str) else value:
            if name:
                yield setting, name
