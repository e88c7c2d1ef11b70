"""Whisper models of a few kilobytes with random weights, in CTranslate2's format, in the shapes that are published."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.essentia.musicnn_checkpoint.onnx_writer import OnnxWriter
from services.speech.contract import LANGUAGE_CODES
from standins.tiny_flamingo import byte_symbols


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


MULTILINGUAL = Shape(mels=80, audio=1500, text=448, words=51865, encoder_layers=2, decoder_layers=2)
"""The published multilingual shape but for width and layers."""


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


def faster_whisper_files(folder: Path) -> dict[str, bytes]:
    """Writes a multilingual model for faster-whisper into ``folder``; returns its files by name.

    Its tokenizer knows bytes and Whisper's own tokens; each other token of the vocabulary is a made-up word.
    """
    words = _vocabulary()
    write_model(folder / "model.bin", {**variables(MULTILINGUAL), **settings(MULTILINGUAL)})
    _write_multilingual_config(folder / "config.json")
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(words)), encoding="utf-8")
    (folder / "vocabulary.txt").write_text("\n".join(words), encoding="utf-8")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def openai_whisper_files(folder: Path) -> dict[str, bytes]:
    """Writes the same model as openai-whisper reads it, converted, with a voice detector; returns its files by name."""
    from services.speech import conversion

    made = folder / "converted"
    made.mkdir()
    write_model(folder / "model.bin", {**variables(MULTILINGUAL), **settings(MULTILINGUAL)})
    _write_multilingual_config(folder / "config.json")
    conversion.openai_whisper(made / "model.safetensors", folder / "model.bin", folder / "config.json")
    write_voice_detector(made / "silero_vad_v6.onnx")
    return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


def write_voice_detector(path: Path) -> Path:
    """Writes a network of Silero's inputs and outputs, which takes whatever is louder than -34 dBFS for speech."""
    writer = OnnxWriter("voice")
    heard = writer.input("input", ["n", 576])
    states = [writer.input(name, [1, 1, 128]) for name in ("h", "c")]
    loudness = writer.node("ReduceMean", writer.node("Abs", heard), axes=[1], keepdims=1)
    over = writer.node("Sub", loudness, writer.weight(np.array([0.02], np.float32)))
    steep = writer.node("Mul", over, writer.weight(np.array([1000.0], np.float32)))
    writer.output("speech", writer.node("Sigmoid", steep), ["n", 1])
    for name, state in zip(("hn", "cn"), states, strict=True):
        writer.output(name, state, [1, 1, 128])
    writer.save(path)
    return path


def _write_multilingual_config(path: Path) -> None:
    first = len(_TEXT) + 2  # after the ends of a text and the beginning of a transcript
    languages = list(range(first, first + len(_LANGUAGES)))
    write_config(path, [[1, 0]], lang_ids=languages, suppress_ids=[], suppress_ids_begin=[220])


def _vocabulary() -> list[str]:
    tasks = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
    times = (f"{step * 0.02:.2f}" for step in range(1501))
    own = ("endoftext", "startoftranscript", *_LANGUAGES, *tasks, *times)
    return [*_TEXT, *(f"<|{name}|>" for name in own)]


def _tokenizer(words: list[str]) -> dict[str, object]:
    flags = {"special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": number, "content": word, **flags} for number, word in enumerate(words) if number >= len(_TEXT)
        ],
        "pre_tokenizer": byte_level,
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": {word: number for number, word in enumerate(_TEXT)}, "merges": []},
    }


_LANGUAGES = LANGUAGE_CODES[:99]
"""Those of every multilingual model, in the order of their tokens; the hundredth came with large-v3."""

_TEXT = [*byte_symbols(), *(f"word{number}" for number in range(256, 50257))]
