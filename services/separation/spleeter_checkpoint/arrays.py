"""Reads a pickled dictionary of float32 arrays without running or believing it.

The unpickler knows four names, each replaced by what this module has for it, which builds float32 arrays and nothing
else. What the pickle says of an array goes to neither numpy nor its types before it was compared with the data.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chassis.models.converter import ConversionError

_MOST_DIMENSIONS = 8
_MOST_UNPACKED = 4


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Reads a torch zip checkpoint that holds one pickled dictionary of float32 arrays, without torch.

    Raises:
        ConversionError: the file is no such checkpoint, or its pickle names anything beyond what an array needs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith("data.pkl")]
            if len(names) != 1:
                raise ConversionError(f"{path.name}: holds {len(names)} pickles; a checkpoint holds one data.pkl")
            if archive.getinfo(names[0]).file_size > _MOST_UNPACKED * path.stat().st_size:
                raise ConversionError(f"unpacks to more than {_MOST_UNPACKED} times its size, which no weights do")
            pickled = archive.read(names[0])
        _look_through(pickled)
        content = _ArrayUnpickler(io.BytesIO(pickled)).load()
    except zipfile.BadZipFile as error:
        raise ConversionError(f"{path.name}: is not a zip file ({error})") from error
    except ConversionError as error:
        raise ConversionError(f"{path.name}: {error}") from error
    except Exception as error:  # a damaged pickle may raise nearly anything, and all of it means the same
        raise ConversionError(f"{path.name}: is not a checkpoint ({type(error).__name__}: {error})") from error
    if not isinstance(content, dict) or not content:
        raise ConversionError(f"{path.name}: holds {type(content).__name__}; wanted a dictionary of arrays")
    arrays = {}
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, _Array) or value.values is None:
            raise ConversionError(f"{path.name}: entry {key!r} is not a float32 array")
        arrays[key] = value.values
    return arrays


def _look_through(pickled: bytes) -> None:
    """Refuses indices of a memo far beyond its entries: memory would be taken for all that lie between."""
    for number, (operation, index, _) in enumerate(pickletools.genops(pickled)):
        if operation.name.endswith("PUT") and isinstance(index, int) and index > number:
            raise ConversionError(f"its pickle keeps something under {index}, after {number} operations")


class _Float32:
    """Stands for numpy's type of the numbers: what a pickle says of it is compared, and never given to numpy."""

    def __init__(self, code: object = None, _align: object = False, _copy: object = False) -> None:
        if code != "f4":
            raise ConversionError(f"holds an array of type {code!r}; only float32 is read")
        self.order = "="

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), ("<" | ">") as order, None, None, None, int(), int(), 0):
                self.order = order
            case _:
                raise ConversionError(f"describes its numbers by {state!r:.80}; plain float32 is read")


class _Array:
    """Stands for numpy's array, which takes shape and data from whatever a pickle says; here they are held together."""

    values: np.ndarray | None = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), tuple(shape), _Float32(order=order), bool(columns_first), bytes(data)):
                counts = [each for each in shape if isinstance(each, int) and each > 0]
                if len(counts) == len(shape) <= _MOST_DIMENSIONS and math.prod(counts) * 4 == len(data):
                    array = np.frombuffer(data, f"{order}f4").astype("<f4")
                    self.values = array.reshape(counts, order="F" if columns_first else "C")
                    return
        raise ConversionError("holds an array whose shape does not fit its data")


def _array_to_be(_subtype: object, _shape: object, _typecode: object) -> _Array:
    return _Array()  # the pickle's state, which follows, sets shape and data


def _latin1(text: object, encoding: object = "latin1") -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise ConversionError(f"encodes with {encoding!r}; array data is latin1")
    return text.encode("latin1")


class _ArrayType:
    """Stands for numpy's array type, which a pickle only hands to the function that makes the array."""


class _ArrayUnpickler(pickle.Unpickler):
    _KNOWN: Mapping[tuple[str, str], Callable[..., object]] = {
        ("numpy.core.multiarray", "_reconstruct"): _array_to_be,
        ("numpy._core.multiarray", "_reconstruct"): _array_to_be,
        ("numpy", "ndarray"): _ArrayType,
        ("numpy", "dtype"): _Float32,
        ("_codecs", "encode"): _latin1,
        ("collections", "OrderedDict"): dict,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._KNOWN[module, name]
        except KeyError:
            raise ConversionError(f"its pickle asks for {module}.{name}, which no array needs; refused") from None

    def persistent_load(self, pid: Any) -> Any:
        raise ConversionError("its pickle refers to outside storage; this conversion reads arrays only")
