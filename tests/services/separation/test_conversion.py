"""Checkpoints are read without running them, and become the same bytes each time."""

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from chassis.models.converter import ConversionError
from services.separation.conversion import main, spleeter
from services.separation.spleeter_checkpoint.arrays import read_checkpoint

PROJECT = Path(__file__).parents[3]


def checkpoint(path, content):
    """Writes ``content`` as torch's zip format does: one pickle, by protocol 2."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr(f"{path.stem}/version", "3\n")
    return path


def network(seed):
    noise = np.random.default_rng(seed)
    shapes = {
        "up7.0.weight": (2, 1, 4, 4),
        "down1_conv.1.weight": (16, 2, 5, 5),
        "down1_act.0.running_mean": (16,),
        "up1.0.weight": (3, 4, 5, 5),
        "up1.2.running_var": (3,),
    }
    return {name: noise.normal(size=shape).astype("float32") for name, shape in shapes.items()}


def tensors(path):
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__")
    data = content[8 + length :]
    return metadata, {
        name: np.frombuffer(data[slice(*row["data_offsets"])], "<f4").reshape(row["shape"])
        for name, row in header.items()
    }


@pytest.fixture
def converted(tmp_path):
    vocals = checkpoint(tmp_path / "0.ckpt", network(0))
    accompaniment = checkpoint(tmp_path / "1.ckpt", OrderedDict(network(1)))
    spleeter(tmp_path / "out.safetensors", vocals, accompaniment)
    return tmp_path


def test_both_networks_are_kept_under_documented_names(converted):
    metadata, found = tensors(converted / "out.safetensors")
    assert metadata["stems"] == "vocals,accompaniment"
    names = ["down.0.weight", "down_norm.0.running_mean", "up.0.weight", "up_norm.0.running_var", "mask.weight"]
    assert sorted(found) == sorted(f"{stem}.{name}" for stem in ("vocals", "accompaniment") for name in names)
    np.testing.assert_array_equal(found["vocals.down.0.weight"], network(0)["down1_conv.1.weight"])
    np.testing.assert_array_equal(found["accompaniment.mask.weight"], network(1)["up7.0.weight"])


def test_the_file_is_the_same_bytes_each_time_whatever_the_order_of_the_tensors(converted):
    backwards = checkpoint(converted / "b.ckpt", dict(reversed(network(0).items())))
    spleeter(converted / "again.safetensors", backwards, converted / "1.ckpt")
    assert (converted / "again.safetensors").read_bytes() == (converted / "out.safetensors").read_bytes()
    spleeter(converted / "swapped.safetensors", converted / "1.ckpt", converted / "0.ckpt")
    assert (converted / "swapped.safetensors").read_bytes() != (converted / "out.safetensors").read_bytes()


def test_the_safetensors_library_reads_it(converted):
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed here")
    found = library.load_file(converted / "out.safetensors")
    np.testing.assert_array_equal(found["vocals.up.0.weight"], network(0)["up1.0.weight"])


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_checkpoint_that_would_run_a_command_is_refused(tmp_path):
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Hostile(mark)))
    assert mark.exists()
    mark.unlink()
    path = checkpoint(tmp_path / "bad.ckpt", {"down1_conv.1.weight": Hostile(mark)})
    with pytest.raises(ConversionError, match=r"asks for (posix|nt)\.system, which no array needs; refused"):
        read_checkpoint(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", [b"builtins\neval", b"numpy\nload", b"numpy.lib.format\nread_array", b"builtins\ngetattr"]
)
def test_no_other_name_is_known_to_the_unpickler(tmp_path, name):
    path = tmp_path / "bad.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bad/data.pkl", b"\x80\x02c" + name + b"\n.")
    with pytest.raises(ConversionError, match="refused"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([1, 2], "holds list; wanted a dictionary"),
        ({}, "wanted a dictionary"),
        ({"a": 1.0}, "entry 'a' is not a float32 array"),
        ({"a": np.zeros(3, "float64")}, "array of type 'f8'"),
        ({"a": np.array([{}], dtype=object)}, "array of type 'O8'"),
    ],
)
def test_anything_but_named_float32_arrays_is_refused(tmp_path, content, complaint):
    with pytest.raises(ConversionError, match=complaint):
        read_checkpoint(checkpoint(tmp_path / "bad.ckpt", content))


class Claimed:
    """Pickled as an object of ``made`` with a state that numpy's own pickler would not write."""

    def __init__(self, made, arguments, state):
        self.parts = made, arguments, state

    def __reduce__(self):
        return self.parts


def claimed(shape, kind, data):
    """An array of float32 that says of itself what the arguments say."""
    made, arguments, _ = np.zeros(1, "f4").__reduce__()
    return Claimed(made, arguments, (1, shape, Claimed(np.dtype, ("f4", False, True), kind), False, data))


PLAIN = (3, "<", None, None, None, -1, -1, 0)


@pytest.mark.parametrize(
    ("shape", "kind", "data"),
    [
        ((2,), (3, "<", None, None, None, -1, -1, 63), b"8 bytes."),
        ((2,), (3, "<", ("f4", (2,)), None, None, 8, 1, 0), b"8 bytes."),
        ((2,), (3, "|", None, ("a",), {"a": ("f4", 0)}, 8, 1, 0), b"8 bytes."),
        ((-1, -2), PLAIN, b"8 bytes."),
        ((0, 2**40, 2**40), PLAIN, b"8 bytes."),
        ((2**62, 4), PLAIN, b"8 bytes."),
        ((1,) * 100, PLAIN, b"4444"),
        ((2,), PLAIN, ["a list"]),
    ],
)
def test_an_array_that_numpy_would_have_to_believe_is_refused(tmp_path, shape, kind, data):
    path = checkpoint(tmp_path / "bad.ckpt", {"a": claimed(shape, kind, data)})
    with pytest.raises(ConversionError, match=r"plain float32 is read|does not fit its data"):
        read_checkpoint(path)


def test_the_same_pickle_with_an_honest_array_is_read(tmp_path):
    path = checkpoint(tmp_path / "good.ckpt", {"a": claimed((2, 1), PLAIN, struct.pack("<2f", 1.5, -2.0))})
    np.testing.assert_array_equal(read_checkpoint(path)["a"], np.array([[1.5], [-2.0]], "<f4"))


def test_arrays_written_by_columns_keep_their_values(tmp_path):
    columns = np.asfortranarray(np.arange(6, dtype="float32").reshape(2, 3))
    np.testing.assert_array_equal(read_checkpoint(checkpoint(tmp_path / "f.ckpt", {"a": columns}))["a"], columns)


def test_a_checkpoint_that_unpacks_to_more_than_it_is_worth_is_refused(tmp_path, capfd):
    path = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        # A memo of 800 million entries, and a few bytes to ask for it.
        archive.writestr("bomb/data.pkl", b"\x80\x02}r" + struct.pack("<I", 800_000_000) + b".")
    assert main(["spleeter", str(tmp_path / "out"), str(path), str(path)]) == 1
    assert "keeps something under 800000000" in capfd.readouterr().err


def test_a_checkpoint_of_zeros_that_unpack_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", pickle.dumps({"a": bytes(10_000_000)}))
    with pytest.raises(ConversionError, match="more than 4 times its size"):
        read_checkpoint(path)


def test_big_endian_arrays_keep_their_values(tmp_path):
    path = checkpoint(tmp_path / "big.ckpt", {"a": np.array([1.5, -2.0], ">f4")})
    np.testing.assert_array_equal(read_checkpoint(path)["a"], np.array([1.5, -2.0], "<f4"))


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ConversionError, match="is not a zip file"):
        read_checkpoint(tmp_path / "text")
    with zipfile.ZipFile(tmp_path / "torn", "w") as archive:
        archive.writestr("torn/data.pkl", pickle.dumps(network(0), protocol=2)[:-100])
    with pytest.raises(ConversionError, match="is not a checkpoint"):
        read_checkpoint(tmp_path / "torn")


def test_a_tensor_of_another_network_is_refused(tmp_path):
    path = checkpoint(tmp_path / "bad.ckpt", {"encoder.0.weight": np.zeros(3, "float32")})
    with pytest.raises(ConversionError, match=r"'encoder\.0\.weight' is not part of Spleeter's network"):
        spleeter(tmp_path / "out", path, path)


def test_the_command_says_what_it_refuses(tmp_path, capsys):
    (tmp_path / "text").write_text("hello")
    assert main(["spleeter", str(tmp_path / "out"), str(tmp_path / "text"), str(tmp_path / "text")]) == 1
    assert "text: is not a zip file" in capsys.readouterr().err


def test_the_conversion_needs_nothing_but_numpy(converted):
    program = (
        "import sys; from services.separation import conversion as convert; "
        f"convert.main(['spleeter', {str(converted / 'child')!r}, {str(converted / '0.ckpt')!r}, "
        f"{str(converted / '1.ckpt')!r}]); "
        "print(sorted({'torch', 'safetensors', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
    assert (converted / "child").read_bytes() == (converted / "out.safetensors").read_bytes()
