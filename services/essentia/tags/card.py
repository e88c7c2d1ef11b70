"""A network's metadata file, of the layout that Essentia's models are published with: labels and the names of nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon_wire.errors import not_ready
from chassis.models import InstalledModel
from services.essentia.tags.mel import SAMPLE_RATE

# What Essentia's metadata files call the purposes of outputs.
PREDICTIONS, EMBEDDINGS = "predictions", "embeddings"


@dataclass(frozen=True)
class Port:
    """One input or output of a graph.

    Attributes:
        name: Name of the node, such as ``PartitionedCall:1``.
        shape: Its dimensions; None for one that is not fixed.
    """

    name: str
    shape: tuple[int | None, ...]

    @property
    def width(self) -> int | None:
        """Size of the last dimension; None where the file does not say."""
        return self.shape[-1] if self.shape else None


@dataclass(frozen=True)
class Card:
    """What a metadata file says.

    Attributes:
        labels: In the order of the network's output; empty for a file without any.
        input: The first input; None where none is named.
        outputs: By purpose, PREDICTIONS or EMBEDDINGS.
        patch_hop: Frames from patch to patch; None where the file does not say.
        stand_in: Whether the weights mean nothing: made up, to try a service without the published ones.
    """

    labels: tuple[str, ...]
    input: Port | None
    outputs: Mapping[str, Port]
    patch_hop: int | None
    stand_in: bool

    @classmethod
    def read(cls, path: Path) -> Card:
        """Reads a metadata file.

        Raises:
            AntiphonError: MODEL_METADATA where it is no such file, or is of a network for another sample rate.
        """
        try:
            document = json.loads(path.read_text("utf-8"))
            schema, inference = document.get("schema", {}), document.get("inference", {})
            rate = inference.get("sample_rate", SAMPLE_RATE)
            if rate != SAMPLE_RATE:
                raise ValueError(f"its network hears {rate} Hz; {SAMPLE_RATE} Hz is what tags are computed at")
            labels = tuple(str(label) for label in document.get("classes", []))
            if len(set(labels)) != len(labels):
                raise ValueError("it names a label twice")
            inputs = [_port(row) for row in schema.get("inputs", [])]
            outputs = {
                row["output_purpose"]: _port(row)
                for row in schema.get("outputs", [])
                if row.get("output_purpose") in (PREDICTIONS, EMBEDDINGS)
            }
            hop = inference.get("patch_hop_frames")
            stand_in = document.get("stand_in", False) is True
        except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
            raise not_ready("MODEL_METADATA", f"{path.name} is no metadata file: {error}", file=path.name) from error
        return cls(labels, inputs[0] if inputs else None, outputs, hop, stand_in)

    def output(self, purpose: str, file: str) -> Port:
        """Gives the output of that purpose.

        Raises:
            AntiphonError: MODEL_METADATA where the file names none.
        """
        if purpose not in self.outputs:
            raise not_ready("MODEL_METADATA", f"the metadata of {file} names no output for {purpose}", file=file)
        return self.outputs[purpose]


@dataclass(frozen=True)
class Network:
    """A graph of an installed model, with its metadata."""

    graph: Path
    digest: str
    card: Card


def networks(model: InstalledModel, suffix: str) -> list[Network]:
    """Finds every graph of ``model`` whose name ends in ``suffix``, in the manifest's order, each with ``<stem>.json``.

    Raises:
        AntiphonError: MODEL_METADATA where there is no graph, or one without its metadata.
    """
    found = []
    for file in model.model.files:
        if file.name.endswith(suffix):
            name = f"{file.name.removesuffix(suffix)}.json"
            if name not in model.files:
                raise not_ready(
                    "MODEL_METADATA", f"the model {model.name!r} lists {file.name} without {name}", model=model.name
                )
            found.append(Network(model.files[file.name], file.sha256, Card.read(model.files[name])))
    if not found:
        raise not_ready("MODEL_METADATA", f"the model {model.name!r} lists no {suffix} file", model=model.name)
    return found


def _port(row: Mapping[str, Any]) -> Port:
    return Port(str(row["name"]), tuple(size if isinstance(size, int) else None for size in row.get("shape", [])))
