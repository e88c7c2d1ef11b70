"""Networks as madmom pickles them, with made-up weights, without madmom: protocol 2, texts and bytes alike."""

from __future__ import annotations

import struct

import numpy as np


def text(value: str) -> bytes:
    """A string of Python 2, whose bytes are its characters."""
    data = value.encode("latin1")
    return b"T" + struct.pack("<i", len(data)) + data


def array(values: np.ndarray, code: str | None = None, shape: tuple[int, ...] | None = None) -> bytes:
    """An array, as numpy of Python 2 pickled it."""
    code = code or {"f": "f4", "i": "i8"}[values.dtype.kind]
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text("b") + b"\x87R"
    kind = (
        b"cnumpy\ndtype\n" + text(code) + b"K\0K\1\x87R(K\3" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    sizes = b"(" + b"".join(plain(each) for each in (shape or values.shape)) + b"t"
    return made + b"(K\1" + sizes + kind + b"\x89" + text(values.tobytes().decode("latin1")) + b"tb"


def plain(value: object) -> bytes:
    """A number, a text, a tuple, a list, a function of madmom (``@name``), an array, or the pickle of a part."""
    match value:
        case bytes():
            return value
        case None:
            return b"N"
        case np.ndarray():
            return array(value)
        case str() if value.startswith("@"):
            return f"cmadmom.ml.nn.activations\n{value[1:]}\n".encode()
        case str():
            return text(value)
        case int():
            return b"J" + struct.pack("<i", value)
        case float():
            return b"G" + struct.pack(">d", value)
        case tuple():
            return b"(" + b"".join(plain(each) for each in value) + b"t"
        case list():
            return b"](" + b"".join(plain(each) for each in value) + b"e"
    raise AssertionError(f"nothing is written for {value!r}")


def part(name: str, **values: object) -> bytes:
    """An object of one of madmom's classes, such as ``madmom.ml.nn.layers ConvolutionalLayer``."""
    module, _, kind = name.partition(" ")
    state = b"}(" + b"".join(text(key) + plain(value) for key, value in values.items()) + b"u"
    return f"c{module}\n{kind}\n)\x81".encode("latin1") + state + b"b"


def layer(kind: str, **values: object) -> bytes:
    """A layer."""
    return part(f"madmom.ml.nn.layers {kind}", **values)


def convolution(kernel: np.ndarray, **values: object) -> bytes:
    """A convolution without a bias."""
    usual = {"stride": 1, "pad": "valid", "activation_fn": "@linear", "bias": np.zeros(1, np.int64)}
    return layer("ConvolutionalLayer", **{**usual, "weights": kernel, **values})


def norm(channels: int, seed: int, activation: str = "@elu", **values: object) -> bytes:
    """A norm with made-up numbers; they are those of :func:`norm_numbers`."""
    return layer("BatchNormLayer", **{**norm_numbers(channels, seed), "activation_fn": activation, **values})


def norm_numbers(channels: int, seed: int) -> dict[str, np.ndarray]:
    """Mean, gamma, inverse deviation and beta."""
    noise = np.random.default_rng(seed)
    names = ("mean", "gamma", "inv_std", "beta")
    return {name: noise.normal(1, 0.3, channels).astype(np.float32) for name in names}


def network(*layers: bytes) -> bytes:
    """A whole pickle."""
    return b"\x80\x02" + part("madmom.ml.nn NeuralNetwork", layers=list(layers)) + b"."


def field(**values: object) -> bytes:
    """A whole pickle of a random field of 25 chords."""
    noise = np.random.default_rng(9)
    shapes = {"pi": (25,), "tau": (25,), "c": (25,), "A": (25, 25), "W": (4, 25)}
    usual = {name: noise.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    return b"\x80\x02" + part("madmom.ml.crf ConditionalRandomField", **{**usual, **values}) + b"."
