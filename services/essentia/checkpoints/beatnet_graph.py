"""BeatNet's networks (Heydari, Cwitkowitz, Duan, ISMIR 2021) from their checkpoints into one ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from services.essentia.musicnn_checkpoint.onnx_writer import OnnxWriter

# Numbers of a frame; cells of each recurrent layer; layers; beat, downbeat, neither.
FEATURES, CELLS, LAYERS, CLASSES = 272, 150, 2, 3
_KERNEL, _CHANNELS, _POOL = 10, 2, 2
_POOLED = _CHANNELS * ((FEATURES - _KERNEL + 1) // _POOL)
# torch stacks the gates of a cell as input, forget, cell, output; ONNX as input, output, forget, cell.
_GATES = (0, 3, 1, 2)


def write_beatnet(path: Path, networks: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Writes the mean of the networks, with their memory as input and output, so that a recording can come in pieces.

    ``frames`` (n, FEATURES) becomes ``activations`` (n, CLASSES), which sum to 1; ``hidden`` and ``cell``, both
    (networks * LAYERS, 1, CELLS) and zero at the start, become ``hidden_out`` and ``cell_out``.

    Raises:
        KeyError: a checkpoint lacks a tensor of this network.
        ValueError: a tensor has another shape.
    """
    graph = OnnxWriter("beatnet")
    states = len(networks) * LAYERS
    frames = graph.input("frames", ["n", FEATURES])
    kept = [graph.input(name, [states, 1, CELLS]) for name in ("hidden", "cell")]
    memories = list(zip(*(graph.nodes("Split", states, each, axis=0) for each in kept), strict=True))
    image = graph.node("Unsqueeze", frames, graph.weight(np.array([1], np.int64)))
    found, hidden, cell = [], [], []
    for number, tensors in enumerate(networks):
        activations, after = _network(graph, image, tensors, memories[number * LAYERS : (number + 1) * LAYERS])
        found.append(activations)
        hidden += [pair[0] for pair in after]
        cell += [pair[1] for pair in after]
    graph.output("activations", graph.node("Mean", *found), ["n", CLASSES])
    graph.output("hidden_out", graph.node("Concat", *hidden, axis=0), [states, 1, CELLS])
    graph.output("cell_out", graph.node("Concat", *cell, axis=0), [states, 1, CELLS])
    graph.save(path)


def _network(
    graph: OnnxWriter, image: str, tensors: Mapping[str, np.ndarray], memories: Sequence[tuple[str, str]]
) -> tuple[str, list[tuple[str, str]]]:
    def weight(name: str, *shape: int) -> str:
        return graph.weight(_shaped(tensors, name, *shape))

    found = graph.node("Conv", image, weight("conv1.weight", _CHANNELS, 1, _KERNEL), weight("conv1.bias", _CHANNELS))
    found = graph.node("MaxPool", graph.node("Relu", found), kernel_shape=[_POOL], strides=[_POOL])
    found = graph.node("Flatten", found, axis=1)
    # A vector for each frame, which the recurrent layers take as (frames, 1, CELLS).
    dense = (weight("linear0.weight", CELLS, _POOLED), weight("linear0.bias", CELLS))
    found = graph.node("Gemm", found, *dense, transB=1)
    found = graph.node("Unsqueeze", found, graph.weight(np.array([1], np.int64)))
    after = []
    for layer, memory in enumerate(memories):
        found, *kept = _layer(graph, found, tensors, layer, memory)
        after.append((kept[0], kept[1]))
    found = graph.node("Squeeze", found, graph.weight(np.array([1], np.int64)))
    last = (weight("linear.weight", CLASSES, CELLS), weight("linear.bias", CLASSES))
    return graph.node("Softmax", graph.node("Gemm", found, *last, transB=1), axis=1), after


def _layer(
    graph: OnnxWriter, sequence: str, tensors: Mapping[str, np.ndarray], layer: int, memory: tuple[str, str]
) -> tuple[str, str, str]:
    """A recurrent layer over (frames, 1, CELLS); gives the same, and its memory after the last frame."""

    def gates(name: str, *rest: int) -> np.ndarray:
        stacked = _shaped(tensors, f"lstm.{name}_l{layer}", 4 * CELLS, *rest).reshape(4, CELLS, *rest)
        return stacked[list(_GATES)].reshape(1, 4 * CELLS, *rest)

    weights = [graph.weight(gates(name, CELLS)) for name in ("weight_ih", "weight_hh")]
    bias = graph.weight(np.concatenate([gates("bias_ih"), gates("bias_hh")], axis=1))
    # The empty name is that of an input left out: all sequences are equally long.
    found, *after = graph.nodes("LSTM", 3, sequence, *weights, bias, "", *memory, hidden_size=CELLS)
    return graph.node("Squeeze", found, graph.weight(np.array([1], np.int64))), after[0], after[1]


def _shaped(tensors: Mapping[str, np.ndarray], name: str, *shape: int) -> np.ndarray:
    if tensors[name].shape != shape:
        raise ValueError(f"{name} has shape {tensors[name].shape}, not {shape}")
    return tensors[name]
