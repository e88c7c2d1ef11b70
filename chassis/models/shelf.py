"""The models of every service of a project, and which of them a person means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.models.manifest import Manifest, ManifestError
from chassis.models.settings import extra_manifest
from chassis.models.store import Store


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

    def all(self) -> list[tuple[Store, str]]:
        """Every model with its store, in the order of the manifests."""
        return [(store, model.name) for store in self.stores for model in store.manifest.models]

    def select(self, names: Sequence[str]) -> list[tuple[Store, str]]:
        """Models by name; ``starter`` and ``full`` stand for those sets.

        Raises:
            LookupError: a name is none of these; the message lists what there is.
        """
        chosen: list[tuple[Store, str]] = []
        for name in names:
            found = [
                (store, model)
                for store, model in self.all()
                if name in (model, "full") or (name == "starter" and store.manifest.model(model).starter)
            ]
            if not found and name not in ("starter", "full"):
                known = ", ".join(model for _, model in self.all())
                raise LookupError(f"no model named {name!r}; there are {known or 'none'}, and the sets starter, full")
            chosen += [one for one in found if one not in chosen]
        return chosen
