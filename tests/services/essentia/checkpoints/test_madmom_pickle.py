"""madmom's pickles are read as plain data, and what is no network of its layers is refused by name."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from chassis.models.converter import ConversionError
from services.essentia.checkpoints.madmom_pickle import read_network, read_random_field
from tests.services.essentia.checkpoints import madmom_pickles as made

WEIGHTS = np.arange(18, dtype=np.float32).reshape(1, 2, 3, 3)


def write(folder: Path, pickled: bytes) -> Path:
    (folder / "a.pkl").write_bytes(pickled)
    return folder / "a.pkl"


def test_layers_are_read_in_order_with_what_they_hold(tmp_path: Path) -> None:
    pad = made.layer("PadLayer", width=2, axes=(0, 1), value=0.0)
    found = read_network(write(tmp_path, made.network(pad, made.convolution(WEIGHTS), made.norm(2, 1))))
    assert [layer.kind for layer in found] == ["PadLayer", "ConvolutionalLayer", "BatchNormLayer"]
    assert found[0].values == {"width": 2, "axes": (0, 1), "value": 0.0}
    assert np.array_equal(found[1].array("weights", 4), WEIGHTS)
    assert found[2].values["activation_fn"] == "elu"


def test_a_random_field_is_read(tmp_path: Path) -> None:
    assert read_random_field(write(tmp_path, made.field())).array("A", 2).shape == (25, 25)


@pytest.mark.parametrize(
    ("pickled", "complaint"),
    [
        (made.network(b"cos\nsystem\n" + made.text("touch was-run") + b"\x85R"), "asks for os.system"),
        (made.network(made.part("madmom.ml.nn.layers LSTMLayer")), "asks for madmom.ml.nn.layers.LSTMLayer"),
        (made.network(b"cbuiltins\neval\n"), "asks for builtins.eval"),
        (made.network(made.convolution(WEIGHTS, weights=made.array(WEIGHTS, "O"))), "array of type 'O'"),
        (made.network(made.convolution(WEIGHTS, weights=made.array(WEIGHTS, shape=(1 << 30,)))), "does not fit"),
        (made.network(made.convolution(WEIGHTS, weights=made.array(WEIGHTS, shape=(-18, -1)))), "does not fit"),
        (made.network(made.convolution(WEIGHTS, weights=made.array(WEIGHTS, shape=(18, *(1,) * 9)))), "does not fit"),
        (made.network(made.text("no layer")), "a layer that is none"),
        (made.network(), "no list of at most 100 layers"),
        (made.field(), "wanted a NeuralNetwork"),
        (b"\x80\x02cmadmom.ml.nn\nNeuralNetwork\n)\x81K\1b.", "by a int"),
        (b"\x80\x02cmadmom.ml.nn\nNeuralNetwork\n)\x81.", "no list of at most 100 layers"),
        (b"\x80\x02]r" + struct.pack("<I", 1 << 31) + b".", "keeps something under"),
        (b"\x80\x02Qx.", "is no network"),
        *((pickled, "is no network|holds a") for pickled in (b"", b"no pickle", b"(" * 100_000, pickle.dumps([1]))),
    ],
    ids=lambda value: str(value[:40]),
)
def test_what_is_no_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pickled: bytes, complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConversionError, match=complaint):
        read_network(write(tmp_path, pickled))
    assert not (tmp_path / "was-run").exists()
