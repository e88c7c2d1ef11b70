"""madmom's convolutional networks for keys and chords (Korzeniowski and Widmer 2016, 2018) as ONNX files.

What madmom's layers mean, and nobody would guess: convolutions are true ones, so that kernels are turned round; weights
lie as (in, out, time, bands); a norm keeps the inverse deviation and brings the activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chassis.models.converter import ConversionError
from services.essentia.checkpoints.madmom_pickle import Part
from services.essentia.musicnn_checkpoint.onnx_writer import OnnxWriter

# Bands of the spectrograms; classes of keys and of chords, of which the last is none.
KEY_BANDS, KEYS = 105, 24
CHORD_BANDS, CHORDS = 113, 25
# Frames that one answer about chords is the mean of.
_CHORD_FRAMES = 3
_ACTIVATIONS = {"elu": "Elu", "relu": "Relu"}


@dataclass(frozen=True)
class _Convolution:
    """A convolution with the norm after it: weights (out, in, time, bands), one bias for each output, padding."""

    weights: np.ndarray
    bias: np.ndarray
    padding: int
    activation: str


@dataclass(frozen=True)
class _Pooling:
    """The greatest of each ``size`` (time, bands) of neighbours."""

    size: tuple[int, int]


def write_key(path: Path, layers: Sequence[Part]) -> None:
    """Writes the network for keys: ``spectrogram`` (n, KEY_BANDS) to ``keys`` (n // 8, KEYS), before any softmax.

    madmom's own answer is the softmax of the mean of the rows.

    Raises:
        ConversionError: the layers are not those of this network.
    """
    *body, last = layers
    if last.kind != "AverageLayer":
        raise ConversionError(f"ends with a {last.kind}, not with a mean over time and bands")
    graph, found = _body("madmom-key", KEY_BANDS, body, KEYS)
    rows = graph.node("ReduceMean", found, axes=[3], keepdims=0)
    graph.output("keys", _rows(graph, rows), ["rows", KEYS])
    graph.save(path)


def write_chords(path: Path, layers: Sequence[Part], field: Part) -> None:
    """Writes the network for chords: ``spectrogram`` (n + 22, CHORD_BANDS) to ``potentials`` (n, CHORDS).

    What the random field makes of a frame by itself is part of it; see :func:`transitions` for the rest.

    Raises:
        ConversionError: the layers or the field are not those of this network.
    """
    weights, bias = field.array("W", 2), field.array("c", 1)
    graph, found = _body("madmom-chords", CHORD_BANDS, layers, len(weights))
    if weights.shape[1:] != bias.shape or bias.shape != (CHORDS,):
        raise ConversionError(f"the field has weights of shape {weights.shape} for {CHORDS} chords")
    means = graph.node("ReduceMean", found, axes=[3], keepdims=0)
    means = graph.node("AveragePool", means, kernel_shape=[_CHORD_FRAMES])
    potentials = graph.node("Gemm", _rows(graph, means), graph.weight(weights), graph.weight(bias))
    graph.output("potentials", potentials, ["rows", CHORDS])
    graph.save(path)


def transitions(field: Part) -> np.ndarray:
    """Gives float32 (CHORDS + 2, CHORDS): from each chord to each, then how likely each begins and ends.

    Raises:
        ConversionError: the field is of another size.
    """
    rows = [field.array("A", 2), field.array("pi", 1)[None], field.array("tau", 1)[None]]
    if [row.shape for row in rows] != [(CHORDS, CHORDS), (1, CHORDS), (1, CHORDS)]:
        raise ConversionError(f"the field has shapes {[row.shape for row in rows]}; wanted {CHORDS} chords")
    return np.concatenate(rows).astype(np.float32)


def _body(name: str, bands: int, layers: Sequence[Part], outputs: int) -> tuple[OnnxWriter, str]:
    """The convolutions over (1, 1, time, bands); gives (1, ``outputs``, time, bands)."""
    graph, channels = OnnxWriter(name), 1
    found = graph.node("Unsqueeze", graph.input("spectrogram", ["n", bands]), graph.weight(np.array([0, 1], np.int64)))
    for block in _blocks(layers):
        if isinstance(block, _Pooling):
            found = graph.node("MaxPool", found, kernel_shape=block.size, strides=block.size)
            continue
        if block.weights.shape[1] != channels:
            raise ConversionError(f"a convolution takes {block.weights.shape[1]} channels and is given {channels}")
        channels = len(block.weights)
        weights = (graph.weight(block.weights), graph.weight(block.bias))
        found = graph.node("Conv", found, *weights, pads=[block.padding] * 4)
        found = graph.node(_ACTIVATIONS[block.activation], found)
    if channels != outputs:
        raise ConversionError(f"the network gives {channels} channels; wanted {outputs}")
    return graph, found


def _rows(graph: OnnxWriter, found: str) -> str:
    """(1, channels, time) to (time, channels)."""
    return graph.node("Transpose", graph.node("Squeeze", found, graph.weight(np.array([0], np.int64))), perm=[1, 0])


def _blocks(layers: Sequence[Part]) -> Iterator[_Convolution | _Pooling]:
    padding, convolution = 0, None
    for layer in layers:
        match layer.kind, convolution:
            case "PadLayer", None:
                padding = _padding(layer)
            case "ConvolutionalLayer", None:
                convolution = layer
            case "BatchNormLayer", Part():
                yield _joined(convolution, layer, padding)
                padding, convolution = 0, None
            case "MaxPoolLayer", None if padding == 0:
                yield _pooling(layer)
            case _:
                raise ConversionError(f"has a {layer.kind} where none belongs")
    if convolution is not None or padding:
        raise ConversionError("ends with half a layer")


def _padding(layer: Part) -> int:
    width, value, axes = (layer.values.get(name) for name in ("width", "value", "axes"))
    if not isinstance(width, int) or not 0 < width < 10 or value != 0 or axes != (0, 1):
        raise ConversionError(f"pads by {width!r:.40} with {value!r:.40}; a few zeros around time and bands are read")
    return width


def _pooling(layer: Part) -> _Pooling:
    match layer.values.get("size"), layer.values.get("stride"):
        case (1 | 2 as time, 1 | 2 as bands), stride if stride == (time, bands):
            return _Pooling((time, bands))
    raise ConversionError("pools other than one or two neighbours")


def _joined(convolution: Part, norm: Part, padding: int) -> _Convolution:
    """Folds a norm into the convolution before it."""
    weights, bias = convolution.array("weights", 4), convolution.array("bias", 1)
    mean, scale, shift = norm.array("mean", 1), norm.array("gamma", 1) * norm.array("inv_std", 1), norm.array("beta", 1)
    activation = norm.values.get("activation_fn")
    if convolution.values.get("activation_fn") != "linear" or activation not in _ACTIVATIONS:
        raise ConversionError(f"a norm is followed by {activation!r:.40}; elu and relu are read")
    if convolution.values.get("stride") != 1 or convolution.values.get("pad") != "valid":
        raise ConversionError("a convolution has a stride, or pads by itself")
    if not mean.shape == scale.shape == shift.shape == weights.shape[1:2]:
        raise ConversionError(f"a norm of shape {mean.shape} follows a convolution of shape {weights.shape}")
    turned = weights.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1] * scale[:, None, None, None]
    return _Convolution(turned, (bias - mean) * scale + shift, padding, str(activation))
