"""Foreign checkpoints as conversions read them: arrays, or refused by name; no array is larger than its file."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from chassis.models.converter import ConversionError
from fuzz.scratch import in_a_file
from fuzz.target import FindingError, Target
from services.essentia.checkpoints.madmom_pickle import read_network
from services.essentia.checkpoints.torch_archive import read_torch_archive
from services.essentia.musicnn_checkpoint.bundle import BundleError, read_bundle
from services.separation.spleeter_checkpoint.arrays import read_checkpoint
from services.speech.conversion import read_model

_MAGIC = 0xDB4775248B80FB57
_DATA = struct.pack("<4f", 1.0, -2.0, 3.0, 0.5)


def _read_torch(path: Path) -> Mapping[str, np.ndarray]:
    """Reads an input as the pickle of a torch checkpoint; a mutated archive would be refused by its checksum alone."""
    packed = path.with_name("packed")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x/data.pkl", path.read_bytes())
    return read_checkpoint(packed)


def _read_tensors(path: Path) -> Mapping[str, np.ndarray]:
    """Reads an input as the pickle of a state dictionary whose one storage is the same each time."""
    packed = path.with_name("packed")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x/data.pkl", path.read_bytes())
        archive.writestr("x/data/0", _DATA)
    return read_torch_archive(packed)


def _read_layers(path: Path) -> Mapping[str, np.ndarray]:
    """Reads an input as a network of madmom; its arrays are those of the first convolution."""
    return {"weights": read_network(path)[0].array("weights", 1).astype(np.float32)}


def _ctranslate2() -> bytes:
    head = struct.pack("<IH12sII", 6, 12, b"WhisperSpec", 3, 1)
    variable = struct.pack("<H2sBII", 2, b"a", 2, 2, 2) + struct.pack("<BI", 0, 16) + _DATA
    return head + variable + struct.pack("<I", 1) + struct.pack("<H2sH2s", 2, b"b", 2, b"a")


def _block(key: bytes, value: bytes) -> bytes:
    return bytes([0, len(key), len(value)]) + key + value + struct.pack("<II", 0, 1)


def _bundle() -> bytes:
    entry = b"\x08\x01\x12\x08\x12\x02\x08\x02\x12\x02\x08\x02\x28\x10"
    rows = _block(b"a", entry)
    index = _block(b"a", bytes([0, len(rows)]))
    end = bytes([0, 0, len(rows) + 5, len(index)]).ljust(40, b"\0") + struct.pack("<Q", _MAGIC)
    return rows + bytes(5) + index + bytes(5) + end


def _read_bundle(path: Path) -> Mapping[str, np.ndarray]:
    data = path.with_name("data")
    data.write_bytes(_DATA)
    return read_bundle(path, data)


_READERS: Mapping[int, Callable[[Path], Mapping[str, np.ndarray]]] = {
    ord("t"): _read_torch,
    ord("c"): read_model,
    ord("b"): _read_bundle,
    ord("s"): _read_tensors,
    ord("m"): _read_layers,
}
"""By the first byte of an input, which is not part of the file."""


_TENSOR = (
    b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\n"
    b"FloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQK\0K\x02K\x02\x86K\x02K\x01\x86\x89ccollections\nOrderedDict\n)RtRu."
)

_LAYERS = (
    b"\x80\x02cmadmom.ml.nn\nNeuralNetwork\n)\x81}U\x06layers](cmadmom.ml.nn.layers\nConvolutionalLayer\n)\x81}U\x07weights"
    b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01K\x04\x85cnumpy\ndtype\nU\x02f4K\0K\x01"
    b"\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89U\x10" + _DATA + b"tbsbesb."
)


def _seeds() -> list[bytes]:
    arrays = {"a": np.ones((2, 2), np.float32), "b": np.zeros(3, np.float32)}
    return [
        b"t" + pickle.dumps(arrays, protocol=2),
        b"c" + _ctranslate2(),
        b"b" + _bundle(),
        b"s" + _TENSOR,
        b"m" + _LAYERS,
    ]


def _accepts(data: bytes) -> bool:
    reader = _READERS.get(data[0]) if data else None
    if reader is None:
        return False
    try:
        found = reader(in_a_file(data[1:], "checkpoint"))
    except (ConversionError, BundleError):
        return False
    if any(array.nbytes > len(data) for array in found.values()):
        raise FindingError("an array is larger than its file")
    return True


TARGET = Target(
    "checkpoints",
    _seeds,
    _accepts,
    (b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"(", b"t", b"R", b"b", b"cnumpy\ndtype\n", b"r", b"q"),
)
