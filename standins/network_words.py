"""One network, said in the words of two formats: TensorFlow's and ONNX's; the names of layers are the same in both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.essentia.musicnn_checkpoint.onnx_writer import OnnxWriter
from standins.tensorflow_graph import FLOAT, INT32, Attribute, GraphDef, Shape, Type

EMBEDDING = 1280
GENRES, MOODS = 400, 56
"""Width of the embeddings, and labels of the two published networks that are stood in for."""


class TensorflowWords:
    """Builds in a GraphDef, NHWC."""

    suffix = ".pb"

    def __init__(self, name: str, shape: Sequence[int]) -> None:
        self.graph = GraphDef()
        self.x = self.graph.node("Placeholder", name=name, dtype=Type(FLOAT), shape=Shape(shape))

    def _two(self, operator: str, a: str, b: str, **attributes: Attribute) -> str:
        return self.graph.node(operator, a, b, name="", T=Type(FLOAT), **attributes)

    def _one(self, operator: str, x: str) -> str:
        return self.graph.node(operator, x, T=Type(FLOAT))

    def image(self, x: str) -> str:
        """Adds a channel to patches (n, frames, bands)."""
        return self._two("ExpandDims", x, self.graph.constant(np.array(3, np.int32)), Tdim=Type(INT32))

    def conv(self, x: str, weight: np.ndarray, bias: np.ndarray, stride: int, each: bool) -> str:
        """Convolves with ``weight`` (height, width, in, out), with ``each`` channel by its own filter."""
        operator = "DepthwiseConv2dNative" if each else "Conv2D"
        options: dict[str, Attribute] = {"strides": [1, stride, stride, 1], "padding": "SAME", "data_format": "NHWC"}
        return self.add(self._two(operator, x, self.graph.constant(weight), **options), self.graph.constant(bias))

    def swish(self, x: str) -> str:
        """Multiplies by the sigmoid of itself."""
        return self._two("Mul", x, self._one("Sigmoid", x))

    def sigmoid(self, x: str) -> str:
        """Takes the sigmoid."""
        return self._one("Sigmoid", x)

    def softmax(self, x: str) -> str:
        """Takes the softmax over the last dimension."""
        return self._one("Softmax", x)

    def relu(self, x: str) -> str:
        """Cuts off what is below 0."""
        return self._one("Relu", x)

    def add(self, a: str, b: str) -> str:
        """Adds."""
        return self._two("Add", a, b)

    def times(self, a: str, b: str) -> str:
        """Multiplies."""
        return self._two("Mul", a, b)

    def pool(self, x: str, keep: bool) -> str:
        """Takes the mean over the image, whose two dimensions stay as 1 where they are to be kept."""
        return self._mean(x, [1, 2], keep)

    def over_time(self, x: str) -> str:
        """Takes the mean over the frames of a patch."""
        return self._mean(x, [1], keep=False)

    def _mean(self, x: str, axes: list[int], keep: bool) -> str:
        over = self.graph.constant(np.array(axes, np.int32))
        return self._two("Mean", x, over, Tidx=Type(INT32), keep_dims=keep)

    def dense(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """Multiplies vectors by ``weight`` (in, out) and adds ``bias``."""
        product = self._two("MatMul", x, self.graph.constant(weight), transpose_a=False, transpose_b=False)
        return self.add(product, self.graph.constant(bias))

    def extractor(self, path: Path, scores: str, embeddings: str) -> None:
        """Writes the file of a network with two outputs."""
        kinds: list[int] = [Type(FLOAT), Type(FLOAT)]
        # One node with two outputs: PartitionedCall:0 and PartitionedCall:1, as the published graph has them.
        self.graph.node("IdentityN", scores, embeddings, name="PartitionedCall", T=kinds)
        self.graph.save(path)

    def head(self, path: Path, scores: str, name: str, labels: int = MOODS) -> None:
        """Writes the file of a network with one output, ``name`` where the format has names of nodes."""
        self.graph.node("Identity", scores, name=name, T=Type(FLOAT))
        self.graph.save(path)


class OnnxWords:
    """Builds in ONNX, NCHW."""

    suffix = ".onnx"

    def __init__(self, name: str, shape: Sequence[int]) -> None:
        self.graph = OnnxWriter("standin")
        self.x = self.graph.input(name, ["n", *shape[1:]])

    def image(self, x: str) -> str:
        """Adds a channel to patches (n, frames, bands)."""
        return self.graph.node("Unsqueeze", x, self.graph.weight(np.array([1], np.int64)))

    def conv(self, x: str, weight: np.ndarray, bias: np.ndarray, stride: int, each: bool) -> str:
        """Convolves with ``weight`` (height, width, in, out), with ``each`` channel by its own filter."""
        turned = weight.transpose(2, 3, 0, 1) if each else weight.transpose(3, 2, 0, 1)
        groups = len(bias) if each else 1
        parts = (self.graph.weight(turned), self.graph.weight(bias))
        return self.graph.node("Conv", x, *parts, strides=[stride, stride], auto_pad="SAME_UPPER", group=groups)

    def swish(self, x: str) -> str:
        """Multiplies by the sigmoid of itself."""
        return self.graph.node("Mul", x, self.graph.node("Sigmoid", x))

    def sigmoid(self, x: str) -> str:
        """Takes the sigmoid."""
        return self.graph.node("Sigmoid", x)

    def softmax(self, x: str) -> str:
        """Takes the softmax over the last dimension."""
        return self.graph.node("Softmax", x, axis=-1)

    def relu(self, x: str) -> str:
        """Cuts off what is below 0."""
        return self.graph.node("Relu", x)

    def add(self, a: str, b: str) -> str:
        """Adds."""
        return self.graph.node("Add", a, b)

    def times(self, a: str, b: str) -> str:
        """Multiplies."""
        return self.graph.node("Mul", a, b)

    def pool(self, x: str, keep: bool) -> str:
        """Takes the mean over the image, whose two dimensions stay as 1 where they are to be kept."""
        return self.graph.node("ReduceMean", x, axes=[2, 3], keepdims=int(keep))

    def over_time(self, x: str) -> str:
        """Takes the mean over the frames of a patch."""
        return self.graph.node("ReduceMean", x, axes=[1], keepdims=0)

    def dense(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """Multiplies vectors by ``weight`` (in, out) and adds ``bias``."""
        return self.graph.node("Gemm", x, self.graph.weight(weight), self.graph.weight(bias))

    def extractor(self, path: Path, scores: str, embeddings: str) -> None:
        """Writes the file of a network with two outputs."""
        self.graph.output("activations", scores, ["n", GENRES])
        self.graph.output("embeddings", embeddings, ["n", EMBEDDING])
        self.graph.save(path)

    def head(self, path: Path, scores: str, name: str, labels: int = MOODS) -> None:
        """Writes the file of a network with one output, ``name`` where the format has names of nodes."""
        self.graph.output("activations", scores, ["n", labels])
        self.graph.save(path)


Words = TensorflowWords | OnnxWords
