"""Messages between a service and its worker: length-prefixed pickles over one socket pair.

The worker handles untrusted audio with native code. Should that ever be taken over, its pickles must not take over the
service: the reading side builds plain data, our own frozen dataclasses and enums, and nothing else.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import io
import pickle
import struct
from typing import Any

HEADER = struct.Struct("<Q")
MAX_FRAME_BYTES = 256 << 20
_TRUSTED_MODULES = ("chassis.", "services.")
_TRUSTED_FUNCTIONS = {("chassis.errors", "_rebuild"), ("pathlib", "PosixPath"), ("pathlib", "PurePosixPath")}


class ForbiddenClassError(pickle.UnpicklingError):
    """A frame names a class that is neither plain data nor one of ours."""


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _TRUSTED_FUNCTIONS or (module.startswith(_TRUSTED_MODULES) and "." not in name):
            try:
                found = getattr(importlib.import_module(module), name)
            except (ImportError, AttributeError):
                found = None
            if (module, name) in _TRUSTED_FUNCTIONS or _is_data_class(found):
                return found
        raise ForbiddenClassError(f"a worker's message names {module}.{name}, which is not a data class of ours")


def _is_data_class(found: object) -> bool:
    return isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, enum.Enum))


def pack(message: object) -> bytes:
    """One message as a frame, header included."""
    body = pickle.dumps(message, protocol=5)
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> Any:
    """The message in a frame's body.

    Raises:
        ForbiddenClassError: it holds anything but plain data and our own data classes.
    """
    return _DataUnpickler(io.BytesIO(body)).load()
