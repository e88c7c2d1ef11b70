"""Whisper models of a few kilobytes with random weights, in CTranslate2's format, in the shapes that are published."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Shape:
    """Sizes of a Whisper; the defaults are the smallest that hold together."""

    width: int = 64
    mels: int = 4
    audio: int = 6
    text: int = 5
    words: int = 10
    encoder_layers: int = 1
    decoder_layers: int = 1


def variables(shape: Shape) -> dict[str, np.ndarray]:
    """Every array of such a Whisper in float16, each value different; keys have no bias, as in every Whisper."""
    width, joint = shape.width, []
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (width, shape.mels, 3),
        "encoder/conv1/bias": (width,),
        "encoder/conv2/weight": (width, width, 3),
        "encoder/conv2/bias": (width,),
        "encoder/position_encodings/encodings": (shape.audio, width),
        "decoder/position_encodings/encodings": (shape.text, width),
        "decoder/embeddings/weight": (shape.words, width),
        **_norm("encoder/layer_norm", width),
        **_norm("decoder/layer_norm", width),
    }
    for layer in range(shape.encoder_layers):
        shapes |= _layer(f"encoder/layer_{layer}", ["self_attention"], width)
        joint.append(f"encoder/layer_{layer}/self_attention/linear_0")
    for layer in range(shape.decoder_layers):
        shapes |= _layer(f"decoder/layer_{layer}", ["self_attention", "attention"], width)
        joint.append(f"decoder/layer_{layer}/self_attention/linear_0")
    rng = np.random.default_rng(1)
    # Small weights, so that float16 does not overflow on the way through.
    made = {name: (0.1 * rng.standard_normal(size)).astype(np.float16) for name, size in shapes.items()}
    for name in joint:
        made[f"{name}/bias"][width : 2 * width] = 0
    for layer in range(shape.decoder_layers):
        made[f"decoder/layer_{layer}/attention/linear_1/bias"][:width] = 0
    return made


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}/gamma": (width,), f"{name}/beta": (width,)}


def _layer(name: str, attentions: list[str], width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for attention in attentions:
        shapes |= _norm(f"{name}/{attention}/layer_norm", width)
        for index, count in enumerate((3, 1) if attention == "self_attention" else (1, 2, 1)):
            shapes[f"{name}/{attention}/linear_{index}/weight"] = (count * width, width)
            shapes[f"{name}/{attention}/linear_{index}/bias"] = (count * width,)
    for index, (rows, columns) in enumerate(((4 * width, width), (width, 4 * width))):
        shapes[f"{name}/ffn/linear_{index}/weight"] = (rows, columns)
        shapes[f"{name}/ffn/linear_{index}/bias"] = (rows,)
    return shapes | _norm(f"{name}/ffn/layer_norm", width)


def settings(shape: Shape) -> dict[str, np.ndarray]:
    """The scalars that CTranslate2 reads beside the arrays, as a published model.bin has them."""
    heads = np.array(shape.width // 64, np.int16)
    flags = {"activation": 3, "alibi": 0, "pre_norm": 1, "scale_embeddings": 0, "start_from_zero_embedding": 0}
    return {
        "encoder/num_heads": heads,
        "decoder/num_heads": heads,
        "decoder/alignment_heads": np.array(1, np.int16),
        "decoder/alignment_layer": np.array(-1, np.int16),
        **{f"decoder/{name}": np.array(value, np.int8) for name, value in flags.items()},
    }


def text(value: str) -> bytes:
    """A string as CTranslate2 writes it."""
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def write_model(path: Path, named: dict[str, np.ndarray], specification: str = "WhisperSpec", version: int = 6) -> Path:
    """Writes a model.bin, its output projection an alias of the embeddings."""
    parts = [struct.pack("<I", version), text(specification), struct.pack("<II", 3, len(named))]
    kinds = {np.dtype("f4"): 0, np.dtype("i1"): 1, np.dtype("i2"): 2, np.dtype("f2"): 4}
    for name, array in named.items():
        parts += [text(name), struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)]
        parts += [struct.pack("<BI", kinds[array.dtype], array.nbytes), array.tobytes()]
    parts += [struct.pack("<I", 1), text("decoder/projection/weight"), text("decoder/embeddings/weight")]
    path.write_bytes(b"".join(parts))
    return path


def write_config(path: Path, heads: list[list[int]], **more: object) -> Path:
    """Writes a config.json."""
    path.write_text(json.dumps({"alignment_heads": heads, **more}))
    return path
