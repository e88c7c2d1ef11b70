"""The models of every service of a project, and which of them a person means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon_wire.spelling import did_you_mean, meant
from chassis.models.manifest import Manifest, ManifestError
from chassis.models.model import Model
from chassis.models.settings import extra_manifest
from chassis.models.store import Store

SETS: dict[str, Callable[[Model], bool]] = {
    "starter": lambda model: model.starter,
    "mission": lambda model: model.mission,
    "full": lambda model: True,
}
"""Words that stand for several models."""

Chosen = list[tuple[Store, str]]
"""Models by their names, each with the store of its service."""


@dataclass(frozen=True)
class Shelf:
    """The stores of all services, one folder below them."""

    stores: tuple[Store, ...]

    @classmethod
    def load(cls, project: Path, root: Path) -> Shelf:
        """Reads each ``services/*/models.toml``, and with it what ``<SERVICE>_MODELS_EXTRA`` names.

        Raises:
            ManifestError: there is none, or one is wrong.
        """
        paths = sorted(project.glob("services/*/models.toml"))
        if not paths:
            raise ManifestError(f"{project}: has no services/*/models.toml")
        extras = [extra_manifest(path.parent.name) for path in paths]
        return cls(tuple(Store(root, Manifest.load(path, extra)) for path, extra in zip(paths, extras, strict=True)))

    def all(self) -> Chosen:
        """Every model with its store, in the order of the manifests."""
        return [(store, model.name) for store in self.stores for model in store.manifest.models]

    def select(self, names: Sequence[str], service: str = "") -> Chosen:
        """Models by name or alias; ``starter``, ``mission`` and ``full`` stand for those sets.

        Args:
            names: None of them, with a service, means what that service begins with: its starter models and the default
                of each of its engines.
            service: Only models of that service; empty for all.

        Raises:
            LookupError: a name is none of these, or of models of several services; the message says what there is.
        """
        stores = [store for store in self.stores if service in ("", store.manifest.service)]
        if not stores:
            known = [store.manifest.service for store in self.stores]
            raise LookupError(
                f"no service named {service!r}; {did_you_mean(service, known)}there are {', '.join(known)}"
            )
        if not names:
            usual = (lambda model: model.starter or model.default) if service else SETS["starter"]
            return _those(stores, usual)
        chosen: Chosen = []
        for name in names:
            found = _those(stores, SETS[name]) if name in SETS else _named(stores, name)
            chosen += [one for one in found if one not in chosen]
        return chosen


def _those(stores: Sequence[Store], wanted: Callable[[Model], bool]) -> Chosen:
    return [(store, model.name) for store in stores for model in store.manifest.models if wanted(model)]


def _named(stores: Sequence[Store], name: str) -> Chosen:
    found = [(store, model) for store in stores if (model := store.manifest.find(name)) is not None]
    # A model's own name goes before an alias that another service has for one of its.
    own = [(store, model) for store, model in found if model.name == name] or found
    if len(own) > 1:
        those = " and ".join(f"{model.name} ({model.service})" for _, model in own)
        raise LookupError(f"{name!r} is {those}; give one of these names, or say for which service (--for)")
    if not own:
        known = [model.name for store in stores for model in store.manifest.models]
        names = [each for store in stores for each in store.manifest.names()]
        there = f"{', '.join(known) or 'none'}, and the sets {', '.join(SETS)}"
        raise LookupError(f"no model named {name!r}; {meant(name, [*names, *SETS], f'there are {there}')}")
    return [(store, model.name) for store, model in own]
