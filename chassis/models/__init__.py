"""Model weights: what there is, what is installed, where its files lie; ``chassis.models.pull`` fetches them."""

from chassis.models.manifest import Manifest, ManifestError
from chassis.models.model import Model
from chassis.models.store import InstalledModel, Store

__all__ = ["InstalledModel", "Manifest", "ManifestError", "Model", "Store"]
