"""Which models are known to be damaged, until their files are replaced."""

from __future__ import annotations

from antiphon_wire.errors import AntiphonError
from chassis.models import Store
from chassis.models.blobs import Seal


class DamagedModels:
    """The models of which a worker said MODEL_CORRUPT; one whose files have changed since is not held any more.

    Args:
        store: Where the models lie.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seals: dict[str, tuple[Seal | None, ...]] = {}

    def learn(self, error: AntiphonError) -> None:
        """Takes down the model of a MODEL_CORRUPT; every other error, and a name that is not ours, is passed over."""
        name = error.metadata.get("model", "")
        if error.reason == "MODEL_CORRUPT" and any(row.name == name for row in self._store.manifest.models):
            self._seals[name] = self._store.seals(name)

    def holds(self, name: str) -> bool:
        """Whether the model is damaged, as far as is known."""
        return name in self._seals and self._seals[name] == self._store.seals(name)
