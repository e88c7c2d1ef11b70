"""Tensors are read out of torch's archives without torch, and what is no plain tensor is refused by name."""

from __future__ import annotations

import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chassis.models.converter import ConversionError
from services.essentia.checkpoints.torch_archive import read_torch_archive

NUMBERS = np.arange(6, dtype="<f4")


def word(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def tensor(
    size: tuple[int, ...],
    stride: tuple[int, ...],
    offset: int = 0,
    count: int = 6,
    key: str = "0",
    rebuild: str = "torch._utils\n_rebuild_tensor_v2",
    storage: str = "torch\nFloatStorage",
) -> bytes:
    """The pickle of a tensor, as torch writes it."""
    where = (
        b"(" + word("storage") + f"c{storage}\n".encode() + word(key) + word("cpu") + b"J" + struct.pack("<i", count)
    )
    arguments = where + b"tQ" + numbers(offset)[1:-1] + numbers(*size) + numbers(*stride) + b"\x89"
    return f"c{rebuild}\n".encode() + b"(" + arguments + b"ccollections\nOrderedDict\n)RtR"


def archive(path: Path, *entries: tuple[str, bytes], pickled: bytes | None = None, data: bytes | None = None) -> Path:
    """A state dictionary of these entries, with what torch keeps beside them, and one storage."""
    body = b"\x80\x02ccollections\nOrderedDict\n)R(" + b"".join(word(name) + value for name, value in entries) + b"u"
    body += b"}" + word("_metadata") + b"}sb."
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.pkl", body if pickled is None else pickled)
        out.writestr("archive/data/0", NUMBERS.tobytes() if data is None else data)
        out.writestr("archive/version", "3\n")
    return path


def test_tensors_have_their_names_shapes_and_numbers(tmp_path: Path) -> None:
    found = read_torch_archive(
        archive(tmp_path / "a.pt", ("whole", tensor((2, 3), (3, 1))), ("part", tensor((2,), (1,), offset=4)))
    )
    assert list(found) == ["whole", "part"]
    assert np.array_equal(found["whole"], NUMBERS.reshape(2, 3))
    assert np.array_equal(found["part"], [4, 5])


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (tensor((3, 2), (1, 3)), "does not lie in its storage"),  # a transposed view
        (tensor((7,), (1,)), "does not lie in its storage"),
        (tensor((6,), (1,), offset=1), "does not lie in its storage"),
        (tensor((6,), (1,), offset=-1), "does not lie in its storage"),
        (tensor((-2, -3), (3, 1)), "does not lie in its storage"),
        (tensor((1,) * 9, (1,) * 9, count=6), "does not lie in its storage"),
        (tensor((6,), (1,), count=1 << 30), "not as long as it says"),
        (tensor((6,), (1,), key="../version"), "no checkpoint"),
        (tensor((6,), (1,), storage="torch\nDoubleStorage"), "asks for torch.DoubleStorage"),
        (tensor((6,), (1,), rebuild="os\nsystem"), "asks for os.system"),
        (tensor((6,), (1,), rebuild="builtins\neval"), "asks for builtins.eval"),
        (word("a text"), "is no float32 tensor"),
        (b"cos\nsystem\n(" + word("touch was-run") + b"tR", "asks for os.system"),
    ],
)
def test_what_is_no_plain_tensor_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: bytes, complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConversionError, match=complaint):
        read_torch_archive(archive(tmp_path / "a.pt", ("x", entry)))
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    "pickled",
    [
        *(b"", b"\x80\x02", pickle.dumps([1]), pickle.dumps({}), b"\x80\x02]r" + struct.pack("<I", 1 << 31) + b"."),
        *(b"(" * 100_000, pickle.dumps({1: 2})),
    ],
    ids=lambda pickled: str(pickled[:12]),
)
def test_a_pickle_that_is_no_dictionary_of_tensors_is_refused(tmp_path: Path, pickled: bytes) -> None:
    with pytest.raises(ConversionError):
        read_torch_archive(archive(tmp_path / "a.pt", pickled=pickled))


def test_an_archive_that_unpacks_to_many_times_its_size_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("archive/data.pkl", bytes(1 << 20))
    with pytest.raises(ConversionError, match="unpacks to more than 4 times"):
        read_torch_archive(tmp_path / "a.pt")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ConversionError, match=r"a\.pt: is no checkpoint"):
        read_torch_archive(tmp_path / "a.pt")
