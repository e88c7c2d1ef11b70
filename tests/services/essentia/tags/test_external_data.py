"""An ONNX file may name other files for its weights; no network of ours does, and one that does is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from antiphon_wire.errors import AntiphonError
from services.essentia.musicnn_checkpoint import onnx_writer as onnx
from services.essentia.tags.card import Card, Network
from services.essentia.tags.onnx_sessions import Session

SECRET = np.array([3.0, 1.0, 4.0, 1.0], np.float32)
ELSEWHERE = [
    "own",
    "../secret",
    "../../store/secret",
    "/etc/passwd",
    "/dev/zero",
    "link",
    "file:///etc/passwd",
    "fifo",
    "",
]


def graph(location: str, in_a_node: bool) -> bytes:
    """A file that adds to its input (n, 4) four weights which lie at the beginning of the file ``location``."""

    def said(key: str, value: str) -> bytes:
        return onnx._bytes(13, onnx._bytes(1, key.encode()) + onnx._bytes(2, value.encode()))

    tensor = onnx._integer(1, 4) + onnx._integer(2, 1) + onnx._bytes(8, b"w") + said("location", location)
    tensor += said("offset", "0") + said("length", "16") + onnx._integer(14, 1)
    add = onnx._bytes(1, b"x") + onnx._bytes(1, b"w") + onnx._bytes(2, b"y") + onnx._bytes(4, b"Add")
    if in_a_node:
        value = onnx._bytes(1, b"value") + onnx._bytes(5, tensor) + onnx._integer(20, 4)
        constant = onnx._bytes(2, b"w") + onnx._bytes(4, b"Constant") + onnx._bytes(5, value)
        body = onnx._bytes(1, constant) + onnx._bytes(1, add)
    else:
        body = onnx._bytes(1, add) + onnx._bytes(5, tensor)
    body += (
        onnx._bytes(2, b"g") + onnx._bytes(11, onnx._value("x", ["n", 4])) + onnx._bytes(12, onnx._value("y", ["n", 4]))
    )
    opset = onnx._bytes(8, onnx._bytes(1, b"") + onnx._integer(2, onnx.OPSET))
    return onnx._integer(1, onnx.IR_VERSION) + onnx._bytes(7, body) + opset


@pytest.fixture
def view(tmp_path: Path) -> Path:
    """A folder as the store lays a model out, beside what is not its own."""
    view = tmp_path / "store" / "view"
    view.mkdir(parents=True)
    (view.parent / "secret").write_bytes(SECRET.tobytes())
    (view / "own").write_bytes(SECRET.tobytes())
    (view / "link").symlink_to(view.parent / "secret")
    os.mkfifo(view / "fifo")
    return view


def load(view: Path, location: str, in_a_node: bool) -> Session:
    (view.parent / "blob").write_bytes(graph(location, in_a_node))
    (view / "network.onnx").symlink_to("../blob")
    return Session(Network(view / "network.onnx", "", Card((), None, {}, None, False)), "cpu", 1)


@pytest.mark.parametrize("in_a_node", [False, True])
@pytest.mark.parametrize("location", ELSEWHERE)
def test_weights_in_another_file_are_refused_when_it_is_loaded(view: Path, location: str, in_a_node: bool) -> None:
    with pytest.raises(AntiphonError) as caught:
        load(view, location, in_a_node)
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_GRAPH")


@pytest.mark.parametrize("in_a_node", [False, True])
def test_it_is_a_file_that_the_library_would_read_from_its_path(view: Path, in_a_node: bool) -> None:
    # Without this the refusals above might be of a file that is wrong in another way.
    (view / "network.onnx").write_bytes(graph("own", in_a_node))
    session = onnxruntime.InferenceSession(str(view / "network.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(["y"], {"x": np.zeros((1, 4), np.float32)})
    assert found[0].tolist() == SECRET.tolist()
