"""Reads torch's ``.pt`` files, archives of a pickle and of raw numbers, without torch and without believing them."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chassis.models.closed_pickle import MOST_DIMENSIONS, ClosedUnpickler, look_through
from chassis.models.converter import ConversionError

# Weights do not compress; what unpacks to more than this many times its size is none.
_MOST_UNPACKED = 4
_ITEM_BYTES = 4


def read_torch_archive(path: Path) -> dict[str, np.ndarray]:
    """Reads the named float32 tensors of a state dictionary; each is a plain part of what the archive holds.

    Raises:
        ConversionError: the file is no such archive, or its pickle names anything beyond what a tensor needs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_UNPACKED * path.stat().st_size:
                raise ConversionError(f"unpacks to more than {_MOST_UNPACKED} times its size, which no weights do")
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(names) != 1:
                raise ConversionError(f"holds {len(names)} pickles; a checkpoint holds one data.pkl")
            pickled = archive.read(names[0])
            look_through(pickled)
            content = _TensorUnpickler(io.BytesIO(pickled), archive, names[0].removesuffix("data.pkl")).load()
    except ConversionError as error:
        raise ConversionError(f"{path.name}: {error}") from error
    except Exception as error:  # a damaged archive or pickle may raise nearly anything, and all of it means the same
        raise ConversionError(f"{path.name}: is no checkpoint ({type(error).__name__}: {error})") from error
    if not isinstance(content, dict) or not content:
        raise ConversionError(f"{path.name}: holds {type(content).__name__}; wanted a dictionary of tensors")
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, np.ndarray):
            raise ConversionError(f"{path.name}: entry {name!r} is no float32 tensor")
    return dict(content)


class _Named(dict[str, Any]):
    """Stands for OrderedDict; what torch keeps beside the entries is passed over."""

    def __setstate__(self, state: object) -> None:
        """Takes no notice of the state."""


class _FloatStorage:
    """Stands for torch's type of storages of float32 numbers."""


@dataclass(frozen=True)
class _Storage:
    """Numbers in the archive, which a tensor names."""

    values: np.ndarray


def _tensor(storage: object, offset: object, size: object, stride: object, *_: object) -> np.ndarray:
    """The part of a storage that a tensor is: its numbers lie one after the other, from ``offset`` on."""
    match storage, offset, size, stride:
        case _Storage(values), int(start), tuple(), tuple() if start >= 0:
            counts = [each for each in size if isinstance(each, int) and each > 0]
            packed = tuple(math.prod(counts[place + 1 :]) for place in range(len(counts)))
            count = math.prod(counts)
            if len(counts) == len(size) <= MOST_DIMENSIONS and stride == packed and start + count <= values.size:
                return values[start : start + count].reshape(counts)
    raise ConversionError(f"holds a tensor of shape {size!r:.80} that does not lie in its storage")


class _TensorUnpickler(ClosedUnpickler):
    known: ClassVar = {
        ("collections", "OrderedDict"): _Named,
        ("torch", "FloatStorage"): _FloatStorage,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    }

    def __init__(self, stream: io.BytesIO, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(stream)
        self._archive, self._folder = archive, folder

    def persistent_load(self, pid: Any) -> _Storage:
        """Reads the storage that ``pid`` names: its key is a member's name, its count is held against the member."""
        match pid:
            case ("storage", kind, str(key), str(), int(count)) if kind is _FloatStorage:
                info = self._archive.getinfo(f"{self._folder}data/{key}")
                if info.file_size == _ITEM_BYTES * count:
                    return _Storage(np.frombuffer(self._archive.read(info), "<f4"))
        raise ConversionError("refers to a storage that is not of float32, or not as long as it says")
