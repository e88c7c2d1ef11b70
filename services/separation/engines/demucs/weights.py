"""Reads a model's files: the bag's list of networks, and each network from a safetensors file that names its class.

demucs' own loader imports and calls whatever a file's metadata names. Here a file chooses among three classes, by name,
and gives them numbers, words and lists; nothing in it is ever imported or run.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from safetensors import SafetensorError, safe_open

from antiphon_wire.errors import AntiphonError, not_ready

if TYPE_CHECKING:
    from chassis.models import InstalledModel

CLASSES: Mapping[str, type[torch.nn.Module]] = {
    "demucs.demucs.Demucs": Demucs,
    "demucs.hdemucs.HDemucs": HDemucs,
    "demucs.htdemucs.HTDemucs": HTDemucs,
}
"""What a weights file may be, by the name that demucs writes into it."""

_MOST_YAML_BYTES = 100_000
_LAYERS, _MOST_LAYERS = ("depth", "dconv_depth", "layers", "lstm_layers", "t_layers"), 64
_OF_CUT = ("sources", "audio_channels", "samplerate", "segment", "use_train_segment")
_OF_TRANSFORMS = (*_OF_CUT, "nfft", "cac", "wiener_iters", "end_iters", "wiener_residual")
"""Arguments that decide how a network's input is cut, and how it is transformed."""


class _WithoutAliases(yaml.SafeLoader):
    """Reads plain values, and no text that stands for itself many times over: a few lines of those make gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it refers to parts of itself")
        return super().compose_node(parent, index)


@dataclass(frozen=True)
class Recipe:
    """A bag as its yaml file describes it.

    Attributes:
        networks: Path of each network's file, in order.
        weights: For each network the weight of each of its stems; None where all count alike.
        segment: Length of a chunk (s) that overrides the networks' own; None to leave them.
    """

    networks: tuple[Path, ...]
    weights: tuple[tuple[float, ...], ...] | None
    segment: float | None


def read_recipe(model: InstalledModel) -> Recipe:
    """Reads the one yaml file of a model, as demucs publishes it: ``models``, ``weights``, ``segment``.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``MODEL_UNREADABLE``.
    """
    path = _only_yaml(model)
    try:
        if path.stat().st_size > _MOST_YAML_BYTES:
            raise ValueError(f"it has more than {_MOST_YAML_BYTES} bytes")
        bag = yaml.load(path.read_text("utf-8"), _WithoutAliases)
        signatures = [str(each) for each in bag["models"]]
        weights = bag.get("weights")
        if weights is not None:
            weights = tuple(tuple(float(each) for each in row) for row in weights)
        segment = None if bag.get("segment") is None else float(bag["segment"])
    except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise unreadable(path, f"it is no bag of demucs ({type(error).__name__}: {error})") from error
    files = [model.files.get(f"{signature}.safetensors") for signature in signatures]
    missing = [signature for signature, file in zip(signatures, files, strict=True) if file is None]
    if missing or not files:
        raise unreadable(path, f"it names {', '.join(missing) or 'no network'}, for which the model has no file")
    if weights is not None and len(weights) != len(files):
        raise unreadable(path, f"it has {len(files)} networks and {len(weights)} rows of weights")
    if segment is not None and not 0 < segment < math.inf:
        raise unreadable(path, f"its segment is {segment:g} s")
    return Recipe(tuple(file for file in files if file is not None), weights, segment)


def read_stems(path: Path) -> tuple[str, ...]:
    """Reads the stems of a network from the head of its file.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``MODEL_UNREADABLE``.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            _, args, kwargs = _head(path, file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise unreadable(path, str(error)) from error
    sources = kwargs.get("sources", args[0] if args else None)
    if not isinstance(sources, list) or not sources or not all(isinstance(each, str) for each in sources):
        raise unreadable(path, f"its stems are {sources!r}; wanted a list of names")
    return tuple(sources)


def load(path: Path) -> torch.nn.Module:
    """Builds a network and gives it its weights, float32 whatever they are stored as; ready to separate.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``MODEL_UNREADABLE``: the file names another class, or its tensors do not
            fit the network by name and shape.
    """
    try:
        with safe_open(path, framework="pt") as file:
            network, args, kwargs = _head(path, file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    except (OSError, SafetensorError) as error:
        raise unreadable(path, str(error)) from error
    known = inspect.signature(network).parameters
    try:
        built = network(*args, **{name: value for name, value in kwargs.items() if name in known})
        built.load_state_dict(tensors)
    except Exception as error:  # whatever a constructor makes of arguments that are not its own
        problem = f"its weights do not fit {network.__name__} ({type(error).__name__}: {str(error)[:400]})"
        raise unreadable(path, problem) from error
    return built.eval().requires_grad_(False)


def shell(path: Path) -> torch.nn.Module:
    """Builds a network of the file's class with its stems, rate and transforms, and hardly any weights.

    For whoever computes what lies between the transforms by other means.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``MODEL_UNREADABLE``: the head of the file is not that of a network.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            network, args, kwargs = _head(path, file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise unreadable(path, str(error)) from error
    parameters = inspect.signature(network)
    known = {name: value for name, value in kwargs.items() if name in parameters.parameters}
    try:
        given = parameters.bind(*args, **known).arguments
        kept = {name: value for name, value in given.items() if name in _OF_TRANSFORMS}
        fewest = {"channels": 8, **({"t_layers": 0} if network is HTDemucs else {})}
        return network(**kept, **fewest).eval().requires_grad_(False)
    except Exception as error:  # whatever a constructor makes of arguments that are not its own
        problem = f"its arguments do not fit {network.__name__} ({type(error).__name__}: {str(error)[:400]})"
        raise unreadable(path, problem) from error


def unreadable(path: Path, problem: str) -> AntiphonError:
    """Makes the error for a file that cannot be used."""
    return not_ready("MODEL_UNREADABLE", f"{path.name} cannot be used: {problem}", file=path.name, problem=problem)


def _head(path: Path, metadata: Mapping[str, str]) -> tuple[type[torch.nn.Module], list[Any], dict[str, Any]]:
    name = metadata.get("klass", "")
    if name not in CLASSES:
        raise unreadable(path, f"it names the class {name!r}; only {', '.join(CLASSES)} are loaded")
    if "structure" in metadata:
        raise unreadable(path, "its weights are quantised (DiffQ), which this service does not read")
    try:
        args, kwargs = _plain(json.loads(metadata.get("args", "[]"))), _plain(json.loads(metadata["kwargs"]))
    except (LookupError, TypeError, ValueError, ZeroDivisionError, RecursionError) as error:
        raise unreadable(path, f"its arguments are not JSON ({type(error).__name__}: {error})") from error
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise unreadable(path, "its arguments are not a list and an object")
    if (count := _count(kwargs)) > _MOST_LAYERS:
        raise unreadable(path, f"it has {count} layers of a kind; at most {_MOST_LAYERS} are built")
    return CLASSES[name], args, kwargs


def _count(kwargs: Mapping[str, Any]) -> int:
    """The largest number of layers that the arguments ask for."""
    counts = [value for name, value in kwargs.items() if name in _LAYERS and isinstance(value, int)]
    return max(counts, default=0)


def _plain(value: Any) -> Any:
    """JSON as demucs writes arguments: fractions are objects of their own."""
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return Fraction(value["numerator"], value["denominator"])
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _only_yaml(model: InstalledModel) -> Path:
    paths = [path for name, path in model.files.items() if name.endswith(".yaml")]
    if len(paths) != 1:
        raise not_ready(
            "MODEL_UNREADABLE",
            f"model {model.name} has {len(paths)} yaml files; engine demucs reads one, which names its networks",
            model=model.name,
            file_count=len(paths),
        )
    return paths[0]
