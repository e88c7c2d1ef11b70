"""The ONNX network computes what MusiCNN's layers say, written out here once more in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from services.essentia.musicnn_checkpoint.graph import Network

LABELS = 50
Tensors = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    """Made-up weights in the shapes of the published checkpoint."""
    noise = np.random.default_rng(5)
    kernels: list[tuple[int, ...]] = [(7, 38, 1, 204), (7, 67, 1, 204), (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51)]
    kernels += [(7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)]
    found = {}
    for kind, shapes in (("conv2d", kernels), ("dense", [(1506, 200), (200, LABELS)])):
        for number, shape in enumerate(shapes):
            layer = f"{kind}_{number}" if number else kind
            found[f"{layer}/kernel"] = noise.normal(0, np.sqrt(1 / np.prod(shape[:-1])), shape)
            found[f"{layer}/bias"] = noise.normal(0, 0.1, shape[-1])
    for number, size in enumerate([1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200]):
        layer = f"batch_normalization_{number}" if number else "batch_normalization"
        for part in ("gamma", "moving_variance"):
            found[f"{layer}/{part}"] = noise.uniform(0.5, 1.5, size) * (-1 if part == "gamma" and number % 2 else 1)
        for part in ("beta", "moving_mean"):
            found[f"{layer}/{part}"] = noise.normal(0, 0.2, size)
    return {name: array.astype(np.float32) for name, array in found.items()}


def forward(t: Tensors, patch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The layers of musicnn's models.py for one patch (187, 96): scores and the dense layer before its ReLU."""

    def norm(x: np.ndarray, number: int) -> np.ndarray:
        p = f"batch_normalization_{number}/" if number else "batch_normalization/"
        scale = t[p + "gamma"] / np.sqrt(t[p + "moving_variance"] + 1e-3)
        return (x - t[p + "moving_mean"]) * scale + t[p + "beta"]

    def conv(x: np.ndarray, number: int, pads: tuple[int, int]) -> np.ndarray:
        """(time, band) to (time, band, channel), padded in time alone."""
        p = f"conv2d_{number}/" if number else "conv2d/"
        kernel = t[p + "kernel"][:, :, 0]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, (pads, (0, 0))), kernel.shape[:2])
        return np.maximum(np.einsum("tbij,ijc->tbc", windows, kernel, optimize=True) + t[p + "bias"], 0)

    image = norm(patch[:, :, None], 0)[:, :, 0]
    pads = [(3, 3), (3, 3), (63, 64), (31, 32), (15, 16)]
    x = np.concatenate([norm(conv(image, i, pad), i + 1).max(axis=1) for i, pad in enumerate(pads)], axis=1)
    layers = [x]
    for number in (5, 6, 7):
        found = norm(conv(layers[-1], number, (3, 3))[:, 0], number + 1)
        layers.append(found if number == 5 else found + layers[-1])
    x = np.concatenate(layers, axis=1)
    x = norm(np.stack([x.max(axis=0), x.mean(axis=0)], axis=1).ravel(), 9)
    dense = x @ t["dense/kernel"] + t["dense/bias"]
    logits = norm(np.maximum(dense, 0), 10) @ t["dense_1/kernel"] + t["dense_1/bias"]
    return 1 / (1 + np.exp(-logits)), dense


def test_the_network_is_that_of_the_package(tensors: Tensors, tmp_path: Path) -> None:
    Network(tensors).write(tmp_path / "net.onnx", LABELS)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    patches = np.random.default_rng(6).uniform(0, 3, (2, 187, 96)).astype(np.float32)
    scores, embeddings = session.run(["activations", "embeddings"], {"melspectrogram": patches})
    for index, patch in enumerate(patches):
        wanted_scores, wanted_embeddings = forward(tensors, patch)
        # Sums of up to 4000 float32 products in another order.
        assert embeddings[index] == pytest.approx(wanted_embeddings, abs=1e-3)
        assert scores[index] == pytest.approx(wanted_scores, abs=1e-4)


def test_the_file_is_the_same_bytes_each_time(tensors: Tensors, tmp_path: Path) -> None:
    for name in ("a", "b"):
        Network(tensors).write(tmp_path / name, LABELS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_checkpoint_of_another_network_is_refused(tensors: Tensors, tmp_path: Path) -> None:
    other = {**tensors, "conv2d_2/kernel": np.zeros((3, 3, 1, 51), np.float32)}
    with pytest.raises(ValueError, match="conv2d_2/kernel"):
        Network(other).write(tmp_path / "net.onnx", LABELS)
    with pytest.raises(KeyError):
        Network({}).write(tmp_path / "net.onnx", LABELS)
