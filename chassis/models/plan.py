"""What a pull would fetch, before it does: the bytes, as far as manifests, records or the hub say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chassis.models.connection import SourceError
from chassis.models.hub import Hub
from chassis.models.model import File, HubSource, Model
from chassis.models.shelf import Chosen
from chassis.models.store import Store

ASK_FROM_BYTES = 5_000_000_000
"""A pull of more is asked about."""


@dataclass(frozen=True)
class Plan:
    """What is still to be fetched of some models.

    Attributes:
        models: Names of those that are not whole here.
        bytes: Of all whose sizes somebody states; a file of two models counts twice.
        unknown: Names of the models of which nobody states a size.
        gated: Names of those that a hub gives to people alone who accepted its terms.
    """

    models: tuple[str, ...]
    bytes: int
    unknown: tuple[str, ...]
    gated: tuple[str, ...]


def plan(chosen: Chosen, hub: Hub) -> Plan:
    """Sums up what a pull of ``chosen`` would fetch; the hub is asked where no manifest and no record has the sizes."""
    wanted = [(store, store.model(name)) for store, name in chosen if not store.installed(name)]
    sizes = {model.name: _bytes(store, model, hub) for store, model in wanted}
    return Plan(
        tuple(sizes),
        sum(size or 0 for size in sizes.values()),
        tuple(name for name, size in sizes.items() if size is None),
        tuple(model.name for _, model in wanted if model.gated),
    )


def _bytes(store: Store, model: Model, hub: Hub) -> int | None:
    try:
        listed = [file for one in model.sets for file in hub.members(one)[1].values()]
        files = [_sized(file, hub) for file in model.files]
    except SourceError:  # a pull will say what is the matter
        return model.stated_bytes
    missing = [file for file in (*files, *listed) if not store.blobs.present(file.sha256, file.size)]
    return replace(model, files=tuple(missing), sets=()).download_bytes


def _sized(file: File, hub: Hub) -> File:
    """The file with the sizes that the hub states of it, or of what it is made of."""
    if file.conversion is not None:
        inputs = tuple(_sized(one, hub) for one in file.conversion.inputs)
        return replace(file, conversion=replace(file.conversion, inputs=inputs))
    if file.size is None and isinstance(file.sources[0], HubSource):
        return hub.stated(file)
    return file
