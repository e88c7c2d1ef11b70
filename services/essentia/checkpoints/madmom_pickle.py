"""Reads madmom's pickled networks as plain data: what layers there are, and their arrays; nothing of madmom is run."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from chassis.models.closed_pickle import MOST_DIMENSIONS, ClosedUnpickler, look_through
from chassis.models.converter import ConversionError

_ITEM_BYTES = {"f4": 4, "i8": 8}
_MOST_LAYERS = 100


class Part:
    """A layer, a network or a random field: what it is, and what its maker kept in it.

    Attributes:
        values: Numbers, texts, arrays and lists of parts, by name.
    """

    kind = ""
    values: dict[str, Any]

    def __new__(cls) -> Self:
        """Has no values yet; a pickle may leave out all that follows, and never calls ``__init__``."""
        made = super().__new__(cls)
        made.values = {}
        return made

    def __setstate__(self, state: object) -> None:
        """Keeps what the pickle says of it."""
        if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
            raise ConversionError(f"describes a {self.kind} by a {type(state).__name__}; wanted names and values")
        self.values = state

    def array(self, name: str, dimensions: int) -> np.ndarray:
        """Gives an array of float32 or int64 as float64.

        Raises:
            ConversionError: there is none of that name with so many dimensions.
        """
        value = self.values.get(name)
        if not isinstance(value, _Array) or value.values is None or value.values.ndim != dimensions:
            raise ConversionError(f"a {self.kind} has no {name} of {dimensions} dimensions")
        return value.values.astype(np.float64)


def read_network(path: Path) -> list[Part]:
    """Reads the layers of a network, the first first.

    Raises:
        ConversionError: the file is no network of madmom, or names anything beyond its layers and their arrays.
    """
    network = _read(path, "NeuralNetwork")
    layers = network.values.get("layers")
    if not isinstance(layers, list) or not layers or len(layers) > _MOST_LAYERS:
        raise ConversionError(f"{path.name}: holds no list of at most {_MOST_LAYERS} layers")
    if not all(isinstance(layer, Part) for layer in layers):
        raise ConversionError(f"{path.name}: holds a layer that is none")
    return layers


def read_random_field(path: Path) -> Part:
    """Reads a conditional random field.

    Raises:
        ConversionError: the file is no random field of madmom, or names anything beyond it and its arrays.
    """
    return _read(path, "ConditionalRandomField")


def _read(path: Path, kind: str) -> Part:
    try:
        pickled = path.read_bytes()
        look_through(pickled)
        # Written by Python 2, whose texts and bytes are the same; bytes become the characters of latin1.
        content = _PartUnpickler(io.BytesIO(pickled), encoding="latin1").load()
    except ConversionError as error:
        raise ConversionError(f"{path.name}: {error}") from error
    except Exception as error:  # a damaged pickle may raise nearly anything, and all of it means the same
        raise ConversionError(f"{path.name}: is no network ({type(error).__name__}: {error})") from error
    if not isinstance(content, Part) or content.kind != kind:
        raise ConversionError(f"{path.name}: holds a {type(content).__name__}; wanted a {kind}")
    return content


class _Kind:
    """Stands for numpy's type of the numbers: what a pickle says of it is compared, and never given to numpy."""

    def __init__(self, code: object = None, _align: object = False, _copy: object = False) -> None:
        if code not in _ITEM_BYTES:
            raise ConversionError(f"holds an array of type {code!r}; float32 and int64 are read")
        self.code = str(code)

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), "<", None, None, None, int(), int(), 0):
                return
        raise ConversionError(f"describes its numbers by {state!r:.80}; plain little-endian ones are read")


class _Array:
    """Stands for numpy's array, which takes shape and data from whatever a pickle says; here they are held together."""

    values: np.ndarray | None = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), tuple(shape), _Kind(code=code), bool(columns_first), str(data)):
                counts = [each for each in shape if isinstance(each, int) and each > 0]
                size = math.prod(counts) * _ITEM_BYTES[code]
                if len(counts) == len(shape) <= MOST_DIMENSIONS and size == len(data):
                    array = np.frombuffer(data.encode("latin1"), f"<{code}")
                    self.values = array.reshape(counts, order="F" if columns_first else "C")
                    return
        raise ConversionError("holds an array whose shape does not fit its data")


class _ArrayType:
    """Stands for numpy's array type, which a pickle only hands to the function that makes the array."""


def _array_to_be(_subtype: object, _shape: object, _typecode: object) -> _Array:
    return _Array()  # the pickle's state, which follows, sets shape and data


def _part(kind: str) -> type[Part]:
    return type(kind, (Part,), {"kind": kind})


class _PartUnpickler(ClosedUnpickler):
    known: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): _array_to_be,
        ("numpy", "ndarray"): _ArrayType,
        ("numpy", "dtype"): _Kind,
        ("madmom.ml.nn", "NeuralNetwork"): _part("NeuralNetwork"),
        ("madmom.ml.crf", "ConditionalRandomField"): _part("ConditionalRandomField"),
        **{
            ("madmom.ml.nn.layers", kind): _part(kind)
            for kind in ("PadLayer", "ConvolutionalLayer", "BatchNormLayer", "MaxPoolLayer", "AverageLayer")
        },
        # Functions are named and not called: a word stands for each.
        **{("madmom.ml.nn.activations", name): name for name in ("linear", "elu", "relu")},
    }
