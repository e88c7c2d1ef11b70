"""Checkpoints are read as TensorFlow writes them, and damaged ones are refused."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from services.essentia.musicnn_checkpoint.bundle import BundleError, read_bundle

TENSORS = {
    "conv2d/bias": np.array([1.5, -2.0], np.float32),
    "conv2d/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "conv2d_1/bias": np.array([7.0], np.float32),
    "step": np.float32(3).reshape(()),
}


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def entry(array: np.ndarray, offset: int, kind: int = 1) -> bytes:
    sizes = b"".join(b"\x12" + bytes([len(b"\x08" + varint(size))]) + b"\x08" + varint(size) for size in array.shape)
    shape = b"\x12" + varint(len(sizes)) + sizes
    where = (b"\x20" + varint(offset) if offset else b"") + b"\x28" + varint(array.nbytes)
    return b"\x08" + varint(kind) + shape + where + b"\x35" + bytes(4)


def block(rows: list[tuple[bytes, bytes]]) -> bytes:
    """A table's block: each key without the start that it shares with the one before."""
    out, before = b"", b""
    for key, value in rows:
        shared = next(
            (i for i, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), min(len(key), len(before))
        )
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return out + struct.pack("<II", 0, 1)


def table(rows: list[tuple[bytes, bytes]], compression: int = 0) -> bytes:
    parts, handles = b"", []
    for half in (rows[:3], rows[3:]):
        handles.append((half[-1][0], varint(len(parts)) + varint(len(block(half)))))
        parts += block(half) + bytes([compression]) + bytes(4)
    index = varint(len(parts)) + varint(len(block(handles)))
    parts += block(handles) + bytes(5)
    return parts + (varint(0) + varint(0) + index).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def looping(times: int) -> bytes:
    """A table whose index names its one block again and again."""
    rows = block([(b"a", b"")])
    handle = varint(0) + varint(len(rows))
    index = block([(b"%06d" % number, handle) for number in range(times)])
    parts = rows + bytes(5) + index + bytes(5)
    where = varint(len(rows) + 5) + varint(len(index))
    return parts + (varint(0) + varint(0) + where).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def lone(name: bytes, value: bytes) -> bytes:
    """A table of one entry."""
    rows = block([(name, value)])
    index = block([(name, varint(0) + varint(len(rows)))])
    where = varint(len(rows) + 5) + varint(len(index))
    end = (varint(0) + varint(0) + where).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    return rows + bytes(5) + index + bytes(5) + end


def tensor(*shape: int, size: int) -> bytes:
    sizes = b"".join(b"\x12" + varint(1 + len(varint(each))) + b"\x08" + varint(each) for each in shape)
    return b"\x08\x01\x12" + varint(len(sizes)) + sizes + b"\x28" + varint(size)


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (looping(1000), "more bytes in its blocks than in all"),
        (lone(b"k" * 2000, tensor(1, size=4)), "more than 1024 bytes"),
        (lone(b"k", tensor(2**32, 2**32, size=0)), "does not fit"),  # as many as none, in 64 bits
        (lone(b"k", tensor(2**64 - 1, 2**64 - 1, size=4)), "does not fit"),
        (lone(b"k", tensor(0, 2**32, 2**32, size=0)), "does not fit"),
        (lone(b"k", tensor(*[1] * 70, size=4)), "does not fit"),
    ],
    ids=["loop", "name", "wraps", "negative", "empty", "dimensions"],
)
def test_an_index_made_to_cost_more_than_it_is_worth_is_refused(tmp_path: Path, index: bytes, told: str) -> None:
    (tmp_path / "i").write_bytes(index)
    (tmp_path / "d").write_bytes(b"1234")
    with pytest.raises(BundleError, match=told):
        read_bundle(tmp_path / "i", tmp_path / "d")


def test_the_same_index_with_an_honest_tensor_is_read(tmp_path: Path) -> None:
    (tmp_path / "i").write_bytes(lone(b"k", tensor(1, size=4)))
    (tmp_path / "d").write_bytes(struct.pack("<f", 1.5))
    assert read_bundle(tmp_path / "i", tmp_path / "d")["k"].tolist() == [1.5]


@pytest.fixture
def checkpoint(tmp_path: Path) -> tuple[Path, Path]:
    rows, data = [(b"", b"\x08\x01")], b""
    for name, array in TENSORS.items():
        rows.append((name.encode(), entry(array, len(data))))
        data += array.tobytes()
    rows.append((b"weights/int", entry(np.zeros(2, np.int32), 0, kind=3)))
    (tmp_path / "index").write_bytes(table(rows))
    (tmp_path / "data").write_bytes(data)
    return tmp_path / "index", tmp_path / "data"


def test_every_float_tensor_is_read_with_its_shape(checkpoint: tuple[Path, Path]) -> None:
    found = read_bundle(*checkpoint)
    assert found.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert np.array_equal(found[name], array), name


def test_a_data_file_that_is_too_short_is_refused(checkpoint: tuple[Path, Path]) -> None:
    index, data = checkpoint
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(BundleError, match="step"):
        read_bundle(index, data)


def test_an_index_that_is_cut_is_refused(checkpoint: tuple[Path, Path]) -> None:
    index, data = checkpoint
    index.write_bytes(index.read_bytes()[:-1])
    with pytest.raises(BundleError, match="end as a table"):
        read_bundle(index, data)


def test_a_compressed_index_is_refused(checkpoint: tuple[Path, Path]) -> None:
    index, data = checkpoint
    index.write_bytes(table([(b"", b"\x08\x01"), (b"a", b""), (b"b", b""), (b"c", b"")], compression=1))
    with pytest.raises(BundleError, match="compressed"):
        read_bundle(index, data)


def test_a_handle_beyond_the_file_is_refused(checkpoint: tuple[Path, Path]) -> None:
    index, data = checkpoint
    content = bytearray(index.read_bytes())
    content[-46] = 0x7F
    content[-45:-40] = b"\xff\xff\xff\x7f\x01"
    index.write_bytes(bytes(content))
    with pytest.raises(BundleError):
        read_bundle(index, data)
