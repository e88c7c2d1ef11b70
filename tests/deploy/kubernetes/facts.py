"""What the code says of itself, which the manifests have to fit: settings, names of health, models."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FAMILIES = tuple(sorted(path.parent.name for path in ROOT.glob("services/*/service.py")))
SERVERS = (*FAMILIES, "gateway")


@dataclass(frozen=True)
class Facts:
    """What the code says.

    Attributes:
        settings: Default of every setting by its variable; empty for none.
        image_variables: What the image sets itself.
        health: Names that a running server answers health of.
        models: Names of models by family.
        starter: Those of them that the starter set has.
    """

    settings: Mapping[str, str]
    image_variables: frozenset[str]
    health: frozenset[str]
    models: Mapping[str, frozenset[str]]
    starter: frozenset[str]

    def value(self, environment: Mapping[str, str], service: str, name: str) -> str:
        """What a setting of a service is in an environment, as the chassis reads it."""
        own, shared = f"{service.upper()}_{name}", f"ANTIPHON_{name}"
        return environment.get(own) or environment.get(shared) or self.settings[own]

    def number(self, environment: Mapping[str, str], service: str, name: str) -> float:
        """The same as a number."""
        return float(self.value(environment, service, name))


def classes_of(service: str) -> tuple[type, ...]:
    """The settings that a process of a service reads."""
    chassis = importlib.import_module("chassis.server.settings")
    if service == "gateway":
        return (chassis.ServerSettings, importlib.import_module("gateway.settings").GatewaySettings)
    module = importlib.import_module(f"services.{service}.service")
    return (chassis.ServerSettings, chassis.WorkerSettings, module.Settings)


def manifest_models() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Names of the models by family, and of those in the starter set, as the manifests of weights list them."""
    names: dict[str, frozenset[str]] = {}
    starter: set[str] = set()
    for family in FAMILIES:
        rows = tomllib.loads((ROOT / "services" / family / "models.toml").read_text(encoding="utf-8"))["models"]
        names[family] = frozenset(row["name"] for row in rows)
        starter |= {row["name"] for row in rows if row.get("starter")}
    return names, frozenset(starter)
