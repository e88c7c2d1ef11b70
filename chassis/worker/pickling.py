"""Messages between a service and its worker: length-prefixed pickles over one socket pair.

The worker handles untrusted audio with native code. Should that ever be taken over, its pickles must not take over the
service: the reading side builds plain data, our own frozen dataclasses and enums, and nothing else
(:mod:`chassis.worker.opcodes` looks before, :mod:`chassis.worker.checking` after).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import importlib
import io
import pickle
import struct
import sys
from collections.abc import Callable
from typing import Any

from antiphon_wire.limits import MAX_ANSWER_BYTES
from chassis.worker.checking import check
from chassis.worker.opcodes import look_through

HEADER = struct.Struct("<Q")
MAX_FRAME_BYTES = 2 * MAX_ANSWER_BYTES
"""Most bytes of one frame: what an event becomes on the wire, and as much again for the names that a pickle adds."""
_TRUSTED_MODULES = ("chassis.", "services.")
_TRUSTED_FUNCTIONS = {("antiphon_wire.errors", "_rebuild"), ("pathlib", "PosixPath"), ("pathlib", "PurePosixPath")}


class ForbiddenClassError(pickle.UnpicklingError):
    """A frame is no pickle, or names something that is neither plain data nor a data class of ours."""


class _DataUnpickler(pickle.Unpickler):
    """Hands out makers instead of classes: a pickle may set attributes of whatever it is given."""

    def __init__(self, body: bytes, from_service: bool) -> None:
        super().__init__(io.BytesIO(body))
        self._from_service = from_service

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if self._from_service and module.startswith(_TRUSTED_MODULES):
            importlib.import_module(module)  # a worker imports on its service's word, never the other way round
        found = getattr(sys.modules.get(module), name, None)
        if (module, name) in _TRUSTED_FUNCTIONS and callable(found):
            return _Maker(found)
        if module.startswith(_TRUSTED_MODULES) and isinstance(found, type):
            if dataclasses.is_dataclass(found):
                return _Maker(functools.partial(_make, found))
            if issubclass(found, enum.Enum):
                return _Maker(found)
        raise ForbiddenClassError(f"a worker's message names {module}.{name}, which is not a data class of ours")


class _Maker:
    """Stands for a class or a function of ours; can be called, and nothing else."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)


class _DataPickler(pickle.Pickler):
    """Writes a dataclass as its class and the values of its fields, which is all that the reading side makes one of."""

    def reducer_override(self, value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            values = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return type(value), (values,)
        return NotImplemented


def _make(cls: type, values: dict[str, Any]) -> Any:
    """Builds a dataclass from exactly its fields, its own checks left to whoever sends it."""
    made: Any = object.__new__(cls)
    for field in dataclasses.fields(cls):
        object.__setattr__(made, field.name, values.pop(field.name))
    if values:
        raise ForbiddenClassError(f"{cls.__name__} has no field {next(iter(values))!r}")
    return made


def pack(message: object) -> bytes:
    """One message as a frame, header included."""
    buffer = io.BytesIO()
    buffer.write(bytes(HEADER.size))
    _DataPickler(buffer, protocol=5).dump(message)
    frame = buffer.getbuffer()
    HEADER.pack_into(frame, 0, len(frame) - HEADER.size)
    return bytes(frame)


def unpack(body: bytes, *, from_service: bool = False) -> Any:
    """The message in a frame's body.

    Args:
        body: Of one frame, without its header.
        from_service: Whether a worker reads it; a worker imports what its service names.

    Raises:
        ForbiddenClassError: it holds anything but plain data and our own data classes; or, of a worker, it is no
            message of one, or a field has not its type.
    """
    try:
        if from_service:
            return _DataUnpickler(body, from_service).load()
        look_through(body)
        message = _DataUnpickler(body, from_service).load()
        check(message)
        return message
    except ForbiddenClassError:
        raise
    except Exception as error:  # a hostile pickle may fail in any way; every one of them means the same
        raise ForbiddenClassError(f"a worker's message cannot be read: {type(error).__name__}") from error
