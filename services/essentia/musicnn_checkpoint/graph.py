"""MusiCNN's network (Pons and Serra, "musicnn", ISMIR 2019 late-breaking) from its checkpoint into an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from services.essentia.musicnn_checkpoint.onnx_writer import OnnxWriter
from services.essentia.tags.mel import BANDS

# Frames of a patch, 3 s of 62.5 a second; numbers of the dense layer before the tags.
PATCH_FRAMES = 187
EMBEDDING = 200
_EPSILON = 1e-3  # of tf.layers.batch_normalization, which the network was built with
# Two timbral filters of 204 channels and three temporal of 51; with what three layers of 64 add to them.
_FRONT_CHANNELS = 2 * 204 + 3 * 51
_MIDDLE_CHANNELS = _FRONT_CHANNELS + 3 * 64


class Network:
    """Builds the graph, taking the checkpoint's layers in the order in which TensorFlow numbered them."""

    def __init__(self, tensors: Mapping[str, np.ndarray]) -> None:
        self._tensors = tensors
        self._graph = OnnxWriter("musicnn")
        self._numbers: dict[str, int] = {}

    def write(self, path: Path, labels: int) -> None:
        """Writes the network: ``melspectrogram`` (n, 187, 96) to ``activations`` (n, labels), ``embeddings`` (n, 200).

        Raises:
            KeyError: the checkpoint lacks a tensor of this network.
            ValueError: a tensor has another shape.
        """
        graph = self._graph
        patches = graph.input("melspectrogram", ["n", PATCH_FRAMES, BANDS])
        image = self._norm(graph.node("Unsqueeze", patches, graph.weight(np.array([1], np.int64))), 1)
        parts = [self._front(image, 7, width, 204) for width in (38, 67)]
        parts += [self._front(image, length, 1, 51) for length in (128, 64, 32)]
        layers = [graph.node("Concat", *parts, axis=1)]
        for channels in (_FRONT_CHANNELS, 64, 64):
            found = self._middle(layers[-1], channels)
            # The first of them changes the number of channels; the others add to what they were given.
            layers.append(found if channels == _FRONT_CHANNELS else graph.node("Add", found, layers[-1]))
        embeddings, activations = self._back(graph.node("Concat", *layers, axis=1), labels)
        graph.output("activations", activations, ["n", labels])
        graph.output("embeddings", embeddings, ["n", EMBEDDING])
        graph.save(path)

    def _front(self, image: str, length: int, width: int, channels: int) -> str:
        """A convolution over time and bands, of which the loudest band is kept: (n, channels, PATCH_FRAMES)."""
        kernel, bias = self._kernel("conv2d", (length, width, 1, channels))
        # As "same" in TensorFlow: an even kernel has the odd row of padding at the end.
        pads = [(length - 1) // 2, 0, length // 2, 0]
        found = self._graph.node("Conv", image, self._weight(kernel.transpose(3, 2, 0, 1)), bias, pads=pads)
        return self._graph.node(
            "ReduceMax", self._norm(self._graph.node("Relu", found), channels), axes=[3], keepdims=0
        )

    def _middle(self, sequence: str, channels: int) -> str:
        """A convolution over time: (n, channels, PATCH_FRAMES) to (n, 64, PATCH_FRAMES)."""
        kernel, bias = self._kernel("conv2d", (7, channels, 1, 64))
        weight = self._weight(kernel[:, :, 0].transpose(2, 1, 0))
        return self._norm(self._graph.node("Relu", self._graph.node("Conv", sequence, weight, bias, pads=[3, 3])), 64)

    def _back(self, sequence: str, labels: int) -> tuple[str, str]:
        graph = self._graph
        pools = [graph.node(name, sequence, axes=[2], keepdims=1) for name in ("ReduceMax", "ReduceMean")]
        # Maximum and mean of each channel side by side, which is the order the dense layer was trained with.
        flat = self._norm(graph.node("Flatten", graph.node("Concat", *pools, axis=2), axis=1), 2 * _MIDDLE_CHANNELS)
        embeddings = self._dense(flat, 2 * _MIDDLE_CHANNELS, EMBEDDING)
        logits = self._dense(self._norm(graph.node("Relu", embeddings), EMBEDDING), EMBEDDING, labels)
        return embeddings, graph.node("Sigmoid", logits)

    def _dense(self, vector: str, wide: int, narrow: int) -> str:
        kernel, bias = self._kernel("dense", (wide, narrow))
        return self._graph.node("Gemm", vector, self._weight(kernel), bias)

    def _norm(self, source: str, channels: int) -> str:
        layer = self._layer("batch_normalization")
        parts = [self._tensor(f"{layer}/{part}", (channels,)) for part in ("gamma", "beta")]
        parts += [self._tensor(f"{layer}/moving_{part}", (channels,)) for part in ("mean", "variance")]
        return self._graph.node("BatchNormalization", source, *map(self._weight, parts), epsilon=_EPSILON)

    def _kernel(self, kind: str, shape: tuple[int, ...]) -> tuple[np.ndarray, str]:
        layer = self._layer(kind)
        return self._tensor(f"{layer}/kernel", shape), self._weight(self._tensor(f"{layer}/bias", shape[-1:]))

    def _layer(self, kind: str) -> str:
        number = self._numbers.get(kind, 0)
        self._numbers[kind] = number + 1
        return f"{kind}_{number}" if number else kind

    def _tensor(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        tensor = self._tensors[name]
        if tensor.shape != shape:
            raise ValueError(f"{name} has the shape {tensor.shape}; MusiCNN's has {shape}")
        return tensor

    def _weight(self, array: np.ndarray) -> str:
        return self._graph.weight(np.asarray(array, np.float32))
