"""Turns CTranslate2's Whisper models into safetensors files for openai-whisper; run once, when a model is pulled.

``python -m services.speech.conversion openai_whisper OUT MODEL_BIN CONFIG_JSON``

Both engines then run the same weights: values keep the number format they are stored in, names change, and
the joint query, key and value matrices are split. Nothing is unpickled. Outputs are the same bytes on every machine.
The layout of ``model.bin`` is that of CTranslate2's ``model_spec.py``; the names are openai-whisper's (``model.py``).
"""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chassis.models import converter
from chassis.models.converter import ConversionError
from chassis.models.safetensors_file import write_safetensors

BINARY_VERSIONS = range(4, 7)
"""Versions of the container format in which strings and shapes are written as read here."""

_STORED: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
_MOST_DIMENSIONS = 8
_READ = (np.dtype("<f4"), np.dtype("<f2"))
"""Number formats that weights may be stored in."""


def openai_whisper(out: Path, model: Path, config: Path) -> None:
    """Writes the weights of a CTranslate2 Whisper model into the safetensors file ``out``.

    Its metadata hold ``dims`` (openai-whisper's ModelDimensions) and ``alignment_heads`` ([[layer, head], …]), as JSON.

    Raises:
        ConversionError: the model is no Whisper of this layout, is quantised, cut short or longer than it says, has a
            variable that openai-whisper has no place for, or its configuration names no alignment heads.
    """
    variables = read_model(model)
    try:
        heads = json.loads(config.read_text(encoding="utf-8"))["alignment_heads"]
        heads = [[int(layer), int(head)] for layer, head in heads]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ConversionError(f"{config.name}: names no alignment heads ({type(error).__name__})") from error
    weights = _Renaming(variables)
    dims = weights.dims()
    metadata = {"format": "openai-whisper", "dims": json.dumps(dims), "alignment_heads": json.dumps(heads)}
    if not all(0 <= layer < dims["n_text_layer"] and 0 <= head < dims["n_text_head"] for layer, head in heads):
        raise ConversionError(f"{config.name}: an alignment head is outside the decoder")
    write_safetensors(out, weights.finish(), metadata)


def read_model(path: Path) -> dict[str, np.ndarray]:
    """Reads the variables of a CTranslate2 Whisper ``model.bin``; an alias is the variable that it stands for.

    Raises:
        ConversionError: see :func:`openai_whisper`.
    """
    with path.open("rb") as stream:
        reader = _Reader(stream, path.name)
        version = reader.number("I")
        if version not in BINARY_VERSIONS:
            raise ConversionError(f"{path.name}: format version {version} is none of {[*BINARY_VERSIONS]}")
        specification, _ = reader.text(), reader.number("I")
        if specification != "WhisperSpec":
            raise ConversionError(f"{path.name}: is a {specification!r} model; wanted 'WhisperSpec'")
        variables = dict(reader.variable() for _ in range(reader.number("I")))
        for _ in range(reader.number("I")):
            alias, target = reader.text(), reader.text()
            if target not in variables:
                raise ConversionError(f"{path.name}: alias {alias} stands for {target}, which is not there")
            variables[alias] = variables[target]
        if stream.read(1):
            raise ConversionError(f"{path.name}: goes on after its last alias")
    return variables


@dataclass
class _Reader:
    """Takes numbers, strings and arrays off a stream that may end too early."""

    stream: BinaryIO
    name: str

    def take(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) != count:
            raise ConversionError(f"{self.name}: ends early, {count} bytes wanted and {len(data)} left")
        return data

    def number(self, kind: str) -> int:
        (value,) = struct.unpack(f"<{kind}", self.take(struct.calcsize(kind)))
        return int(value)

    def text(self) -> str:
        return self.take(self.number("H")).rstrip(b"\0").decode("utf-8", errors="replace")

    def variable(self) -> tuple[str, np.ndarray]:
        name = self.text()
        shape = tuple(self.number("I") for _ in range(self.number("B")))
        kind, size = self.number("B"), self.number("I")
        stored = _STORED.get(kind)
        if stored is None:
            raise ConversionError(f"{self.name}: {name} has number format {kind}, which is not read")
        # Not by numpy, whose product of large dimensions wraps round to a small one; weights without numbers are none.
        if len(shape) > _MOST_DIMENSIONS or 0 in shape or math.prod(shape) * stored.itemsize != size:
            raise ConversionError(f"{self.name}: {name} has {size} bytes of {stored} for the shape {shape}")
        return name, np.frombuffer(self.take(size), stored).reshape(shape)


@dataclass
class _Renaming:
    """Gives CTranslate2's variables the names of openai-whisper, and sees that none is left over."""

    variables: Mapping[str, np.ndarray]
    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def dims(self) -> dict[str, int]:
        """Renames everything; gives openai-whisper's ModelDimensions."""
        for number in (1, 2):
            self._both(f"encoder.conv{number}", f"encoder/conv{number}")
        layers = {}
        for side in ("encoder", "decoder"):
            self._put(f"{side}.positional_embedding", f"{side}/position_encodings/encodings")
            self._norm(f"{side}.ln_post" if side == "encoder" else f"{side}.ln", f"{side}/layer_norm")
            layers[side] = sum(1 for _ in self._layers(side))
        self._put("decoder.token_embedding.weight", "decoder/embeddings/weight")
        audio, text = self.tensors["encoder.positional_embedding"], self.tensors["decoder.positional_embedding"]
        return {
            "n_mels": self.tensors["encoder.conv1.weight"].shape[1],
            "n_audio_ctx": audio.shape[0],
            "n_audio_state": audio.shape[1],
            "n_audio_head": self._heads("encoder", audio.shape[1]),
            "n_audio_layer": layers["encoder"],
            "n_vocab": self.tensors["decoder.token_embedding.weight"].shape[0],
            "n_text_ctx": text.shape[0],
            "n_text_state": text.shape[1],
            "n_text_head": self._heads("decoder", text.shape[1]),
            "n_text_layer": layers["decoder"],
        }

    def finish(self) -> dict[str, np.ndarray]:
        """Gives the renamed tensors, after checking that every array had its place."""
        projection = self.variables.get("decoder/projection/weight")
        if projection is not None and not np.array_equal(projection, self.variables["decoder/embeddings/weight"]):
            raise ConversionError("the output projection is not the embedding; openai-whisper has one for both")
        # Scalars are settings of CTranslate2, such as the number of heads.
        arrays = {name for name, array in self.variables.items() if array.ndim > 0}
        left = sorted(arrays - self.used - {"decoder/projection/weight"})
        if left:
            raise ConversionError(f"openai-whisper has no place for {', '.join(left[:5])}")
        return self.tensors

    def _layers(self, side: str) -> Iterator[None]:
        number = 0
        while f"{side}/layer_{number}/ffn/linear_0/weight" in self.variables:
            source, block = f"{side}/layer_{number}", f"{side}.blocks.{number}"
            self._norm(f"{block}.attn_ln", f"{source}/self_attention/layer_norm")
            self._split([f"{block}.attn.{x}" for x in ("query", "key", "value")], f"{source}/self_attention/linear_0")
            self._both(f"{block}.attn.out", f"{source}/self_attention/linear_1")
            if side == "decoder":
                self._norm(f"{block}.cross_attn_ln", f"{source}/attention/layer_norm")
                self._both(f"{block}.cross_attn.query", f"{source}/attention/linear_0")
                self._split([f"{block}.cross_attn.{x}" for x in ("key", "value")], f"{source}/attention/linear_1")
                self._both(f"{block}.cross_attn.out", f"{source}/attention/linear_2")
            self._norm(f"{block}.mlp_ln", f"{source}/ffn/layer_norm")
            self._both(f"{block}.mlp.0", f"{source}/ffn/linear_0")
            self._both(f"{block}.mlp.2", f"{source}/ffn/linear_1")
            number += 1
            yield

    def _get(self, name: str) -> np.ndarray:
        if name not in self.variables:
            raise ConversionError(f"the variable {name} is missing")
        array = self.variables[name]
        if array.dtype not in _READ:
            raise ConversionError(f"{name} is stored as {array.dtype}; convert float16 or float32 weights")
        self.used.add(name)
        return array

    def _put(self, name: str, source: str) -> None:
        self.tensors[name] = self._get(source)

    def _both(self, name: str, source: str) -> None:
        self._put(f"{name}.weight", f"{source}/weight")
        self._put(f"{name}.bias", f"{source}/bias")

    def _norm(self, name: str, source: str) -> None:
        self._put(f"{name}.weight", f"{source}/gamma")
        self._put(f"{name}.bias", f"{source}/beta")

    def _split(self, names: list[str], source: str) -> None:
        weights = np.split(self._get(f"{source}/weight"), len(names))
        biases = np.split(self._get(f"{source}/bias"), len(names))
        for name, weight, bias in zip(names, weights, biases, strict=True):
            self.tensors[f"{name}.weight"] = weight
            if not name.endswith(".key"):
                self.tensors[f"{name}.bias"] = bias
            elif bias.any():
                raise ConversionError(f"{source}: the keys have a bias; openai-whisper's have none")

    def _heads(self, side: str, width: int) -> int:
        stated = self.variables.get(f"{side}/num_heads")
        return int(stated) if stated is not None else width // 64  # every Whisper has heads of 64


def main(arguments: list[str] | None = None) -> int:
    """Runs one conversion; see :func:`chassis.models.converter.main`."""
    return converter.main("services.speech.conversion", __doc__, openai_whisper, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
