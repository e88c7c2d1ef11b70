"""Writes safetensors files with numpy alone, the same bytes on every machine.

What a conversion writes is held to a digest, so the order of the tensors is fixed here and not left to the version of a
library.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chassis.models.converter import ConversionError

_FORMATS = {np.dtype("<f2"): "F16", np.dtype("<f4"): "F32", np.dtype("<i8"): "I64"}


def write_safetensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Writes tensors in the order of their names: length, JSON header padded to 8 bytes, little-endian data.

    Args:
        path: The file.
        tensors: float16, float32 or int64 of any shape, by name.
        metadata: Texts by name, for the header.

    Raises:
        ConversionError: a tensor has another number format.
    """
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    offset = 0
    for name in sorted(tensors):
        kind = _FORMATS.get(tensors[name].dtype)
        if kind is None:
            raise ConversionError(f"tensor {name} is {tensors[name].dtype}; wanted float16, float32 or int64")
        end = offset + tensors[name].nbytes
        header[name] = {"dtype": kind, "shape": list(tensors[name].shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            stream.write(np.ascontiguousarray(tensors[name]).tobytes())
