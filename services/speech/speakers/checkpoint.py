"""Reads checkpoints as torch wrote them before 1.6, pickles and then raw numbers, without torch or belief."""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chassis.models.closed_pickle import MOST_DIMENSIONS, ClosedUnpickler, look_through
from chassis.models.converter import ConversionError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MOST_BYTES = 1 << 28


def read_legacy_checkpoint(path: Path, entry: str) -> dict[str, np.ndarray]:
    """Reads the named float32 tensors of one state dictionary of a checkpoint.

    Args:
        path: The file.
        entry: Name of the dictionary in the checkpoint.

    Raises:
        ConversionError: the file is no such checkpoint, or its pickle names anything beyond what a tensor needs.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConversionError(f"has more than {_MOST_BYTES} bytes")
        content = _read(path.read_bytes())
        found = content.get(entry) if isinstance(content, dict) else None
        if not isinstance(found, dict) or not found:
            raise ConversionError(f"holds no tensors under {entry!r}")
        return {str(name): _whole(str(name), tensor) for name, tensor in found.items()}
    except ConversionError as error:
        raise ConversionError(f"{path.name}: {error}") from error
    except Exception as error:  # a damaged pickle may raise nearly anything, and all of it means the same
        raise ConversionError(f"{path.name}: is no checkpoint ({type(error).__name__}: {error})") from error


def _read(data: bytes) -> Any:
    stream = io.BytesIO(data)
    if (_next(stream), _next(stream)) != (_MAGIC, _PROTOCOL):
        raise ConversionError("is not of the format that torch wrote before 1.6")
    system = _next(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ConversionError("is not little-endian")
    storages: dict[str, _Storage] = {}
    content, keys = _next(stream, storages), _next(stream)
    if not isinstance(keys, list) or sorted(keys) != sorted(storages):
        raise ConversionError("lists other storages than its tensors lie in")
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        numbers = stream.read(4 * storages[key].count)
        if count != storages[key].count or len(numbers) != 4 * count:
            raise ConversionError(f"has not the numbers of storage {key}")
        storages[key].values = np.frombuffer(numbers, "<f4")
    return content


def _next(stream: io.BytesIO, storages: dict[str, _Storage] | None = None) -> Any:
    start = stream.tell()
    look_through(stream.getbuffer()[start:].tobytes())
    stream.seek(start)
    return _CheckpointUnpickler(stream, {} if storages is None else storages).load()


class _Storage:
    """Numbers that follow the pickles, which tensors name before they are read."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.values: np.ndarray | None = None


class _FloatStorage:
    """Stands for torch's type of storages of float32 numbers."""


class _Tensor:
    """Stands for a tensor whose numbers are yet to come."""

    def __init__(self, storage: object, offset: object, size: object, stride: object, *_: object) -> None:
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride


class _Named(dict[str, Any]):
    """Stands for OrderedDict; what torch keeps beside the entries is passed over."""

    def __setstate__(self, state: object) -> None:
        """Takes no notice of the state."""


class _CheckpointUnpickler(ClosedUnpickler):
    known: ClassVar = {
        ("collections", "OrderedDict"): _Named,
        ("torch", "FloatStorage"): _FloatStorage,
        ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    }

    def __init__(self, stream: io.BytesIO, storages: dict[str, _Storage]) -> None:
        super().__init__(stream)
        self._storages = storages

    def persistent_load(self, pid: Any) -> _Storage:
        """Notes the storage that ``pid`` names; its numbers come behind the pickles."""
        match pid:
            case ("storage", kind, str(key), str(), int(count), None) if kind is _FloatStorage and count >= 0:
                known = self._storages.setdefault(key, _Storage(count))
                if known.count == count:
                    return known
        raise ConversionError("refers to a storage that is not of float32, or of two lengths")


def _whole(name: str, tensor: object) -> np.ndarray:
    """The part of a storage that a tensor is: its numbers lie one after the other."""
    if isinstance(tensor, _Tensor):
        match tensor.storage, tensor.offset, tensor.size, tensor.stride:
            case _Storage(values=np.ndarray() as values), int(start), tuple(size), tuple(stride) if start >= 0:
                counts = [each for each in size if isinstance(each, int) and each > 0]
                packed = tuple(math.prod(counts[place + 1 :]) for place in range(len(counts)))
                count = math.prod(counts)
                if len(counts) == len(size) <= MOST_DIMENSIONS and stride == packed and start + count <= values.size:
                    return values[start : start + count].reshape(counts)
    raise ConversionError(f"entry {name!r} is no float32 tensor that lies in its storage")
