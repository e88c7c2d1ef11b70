"""Tag networks with made-up weights, in the shapes and under the names of published ones, for tests and benchmarks.

Each is written twice from the same weights, as a TensorFlow graph (``.pb``) and as ONNX, so that the two tag engines
can be held against each other. Their answers follow the audio and mean nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chassis.models import InstalledModel, Model
from chassis.models.model import File
from standins.network_words import EMBEDDING, GENRES, MOODS, OnnxWords, TensorflowWords, Words

__all__ = ["OnnxWords", "TensorflowWords"]

BATCH = 64
PATCH = (128, 96)
"""Frames and mel bands of a patch."""


def _weights(noise: np.random.Generator, *shape: int, gain: float = 1.0) -> np.ndarray:
    spread = gain * np.sqrt(2 / np.prod(shape[:-1]))
    return noise.normal(0, spread, shape).astype(np.float32)


def simple_extractor(words: type[Words], path: Path, frames: int = PATCH[0]) -> None:
    """Mean of a patch of so many frames over time, 96 -> 1280 -> 400: an extractor that costs nothing."""
    noise = np.random.default_rng(1)
    w = words("serving_default_melspectrogram", [BATCH, frames, PATCH[1]])
    zero = np.zeros(EMBEDDING, np.float32)
    embeddings = w.relu(w.dense(w.over_time(w.x), _weights(noise, 96, EMBEDDING), zero))
    low = np.full(GENRES, -2, np.float32)
    w.extractor(path, w.sigmoid(w.dense(embeddings, _weights(noise, EMBEDDING, GENRES), low)), embeddings)


def simple_head(words: type[Words], path: Path) -> None:
    """1280 -> 56 by one layer."""
    noise = np.random.default_rng(2)
    w = words("model/Placeholder", [-1, EMBEDDING])
    low = np.full(MOODS, -2, np.float32)
    w.head(path, w.sigmoid(w.dense(w.x, _weights(noise, EMBEDDING, MOODS), low)), "model/Sigmoid")


def two_label_head(words: type[Words], path: Path) -> None:
    """1280 -> 100 -> 2, of which the scores sum to 1: as published for voice, gender, danceability and tonality."""
    noise = np.random.default_rng(4)
    w = words("model/Placeholder", [-1, EMBEDDING])
    hidden = w.relu(w.dense(w.x, _weights(noise, EMBEDDING, 100), np.zeros(100, np.float32)))
    w.head(path, w.softmax(w.dense(hidden, _weights(noise, 100, 2), np.zeros(2, np.float32))), "model/Softmax", 2)


# Of each block: expansion, channels, repeats, stride of the first, kernel (Tan and Le 2019, table 1).
_B0 = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
       (6, 320, 1, 1, 3))  # fmt: skip


def efficientnet_b0(words: type[Words], path: Path) -> None:
    """An EfficientNet-B0 on 128 x 96 patches, batch norm folded into it, 1280 -> 400: 4.5 million weights."""
    noise = np.random.default_rng(3)
    w = words("serving_default_melspectrogram", [BATCH, *PATCH])

    def conv(x: str, wide: int, narrow: int, kernel: int, stride: int = 1, gain: float = 1.0) -> str:
        return w.conv(
            x, _weights(noise, kernel, kernel, wide, narrow, gain=gain), np.zeros(narrow, np.float32), stride, False
        )

    channels = 32
    x = w.swish(conv(w.image(w.x), 1, channels, 3, 2))
    for expansion, out, repeats, first_stride, kernel in _B0:
        for repeat in range(repeats):
            stride, inner, before = (first_stride if repeat == 0 else 1), channels * expansion, x
            if expansion > 1:
                x = w.swish(conv(x, channels, inner, 1))
            each = noise.normal(0, np.sqrt(2) / kernel, (kernel, kernel, inner, 1)).astype(np.float32)
            x = w.swish(w.conv(x, each, np.zeros(inner, np.float32), stride, True))
            squeezed = max(1, channels // 4)
            gate = conv(w.swish(conv(w.pool(x, keep=True), inner, squeezed, 1)), squeezed, inner, 1)
            x = conv(w.times(x, w.sigmoid(gate)), inner, out, 1)
            if stride == 1 and channels == out:
                x = w.add(x, before)
            channels = out
    embeddings = w.pool(w.swish(conv(x, channels, EMBEDDING, 1)), keep=False)
    low = np.full(GENRES, -2, np.float32)
    scores = w.sigmoid(w.dense(embeddings, _weights(noise, EMBEDDING, GENRES, gain=0.3), low))
    w.extractor(path, scores, embeddings)


# Metadata, of the layout of the published files, with labels of our own.


def extractor_card(path: Path, labels: Sequence[str] | None = None) -> None:
    """Writes the metadata of an extractor."""
    labels = labels or [f"Family {index % 15}---Style {index}" for index in range(GENRES)]
    outputs = [
        {"name": "PartitionedCall:0", "shape": [BATCH, GENRES], "output_purpose": "predictions"},
        {"name": "PartitionedCall:1", "shape": [BATCH, EMBEDDING], "output_purpose": "embeddings"},
    ]
    _card(path, labels, {"name": "serving_default_melspectrogram", "shape": [BATCH, *PATCH]}, outputs)


def head_card(path: Path) -> None:
    """Writes the metadata of a head; it names the logits too, which are as wide as the scores."""
    outputs = [
        {"name": "model/Sigmoid", "shape": [MOODS], "output_purpose": "predictions"},
        {"name": "model/dense_1/BiasAdd", "shape": [MOODS], "output_purpose": ""},
    ]
    labels = [f"mood {index}" for index in range(MOODS)]
    _card(path, labels, {"name": "model/Placeholder", "shape": [EMBEDDING]}, outputs)


def two_label_card(path: Path, labels: tuple[str, str]) -> None:
    """Writes the metadata of a head of two labels; published ones say that embeddings are 1200 wide, or 1280."""
    outputs = [
        {"name": "model/Softmax", "shape": [2], "output_purpose": "predictions"},
        {"name": "model/dense/BiasAdd", "shape": [100], "output_purpose": ""},
    ]
    _card(path, labels, {"name": "model/Placeholder", "shape": [1200]}, outputs)


def _card(path: Path, labels: Sequence[str], source: Mapping[str, object], outputs: Sequence[object]) -> None:
    schema = {"inputs": [source], "outputs": outputs}
    document = {"classes": labels, "schema": schema, "inference": {"sample_rate": 16000}, "stand_in": True}
    path.write_text(json.dumps(document), "utf-8")


def installed(name: str, engine: str, folder: Path, *stems: str) -> InstalledModel:
    """A model of the files in ``folder`` whose names begin with ``stems``, as a store would give it."""
    suffix = ".onnx" if engine != "essentia" else ".pb"
    names = [f"{stem}{ending}" for stem in stems for ending in (suffix, ".json")]
    contents = {one: (folder / one).read_bytes() for one in names}
    files = tuple(File(one, len(data), hashlib.sha256(data).hexdigest()) for one, data in contents.items())
    model = Model(name, "essentia", engine, False, False, "stand-in", "CC0-1.0", True, files)
    return InstalledModel(model, folder, {one: folder / one for one in names})


def extractor_files(folder: Path, words: type[Words], frames: int = PATCH[0]) -> dict[str, bytes]:
    """Writes an extractor and its metadata into ``folder``; returns the files of such a model by name."""
    graph, card = folder / f"extractor{words.suffix}", folder / "extractor.json"
    simple_extractor(words, graph, frames)
    extractor_card(card)
    return {path.name: path.read_bytes() for path in (graph, card)}


def write_all(folder: Path) -> None:
    """Writes ``extractor`` and ``head`` in both formats, with their metadata, into ``folder``."""
    for words in (TensorflowWords, OnnxWords):
        simple_extractor(words, folder / f"extractor{words.suffix}")
        simple_head(words, folder / f"head{words.suffix}")
    extractor_card(folder / "extractor.json")
    head_card(folder / "head.json")
