"""The ONNX file computes what BeatNet's layers say, written out here once more in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from services.essentia.checkpoints.beatnet_graph import CELLS, FEATURES, write_beatnet

Tensors = dict[str, np.ndarray]
SHAPES = {
    "conv1.weight": (2, 1, 10),
    "conv1.bias": (2,),
    "linear0.weight": (150, 262),
    "linear0.bias": (150,),
    "linear.weight": (3, 150),
    "linear.bias": (3,),
    **{f"lstm.weight_{side}_l{layer}": (600, 150) for side in ("ih", "hh") for layer in (0, 1)},
    **{f"lstm.bias_{side}_l{layer}": (600,) for side in ("ih", "hh") for layer in (0, 1)},
}


def weights(seed: int) -> Tensors:
    noise = np.random.default_rng(seed)
    return {name: noise.normal(0, 0.2, shape).astype(np.float32) for name, shape in SHAPES.items()}


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-values)))


def reference(tensors: Tensors, frames: np.ndarray) -> np.ndarray:
    """The network, frame by frame: (n, 272) to (n, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(frames, 10, axis=1)
    convolved = np.einsum("nwk,ck->ncw", windows, tensors["conv1.weight"][:, 0]) + tensors["conv1.bias"][:, None]
    pooled = np.maximum(convolved, 0)[..., :262].reshape(len(frames), 2, 131, 2).max(3).reshape(len(frames), 262)
    sequence = pooled @ tensors["linear0.weight"].T + tensors["linear0.bias"]
    for layer in (0, 1):
        hidden, cell, found = np.zeros(CELLS), np.zeros(CELLS), []
        for row in sequence:
            gates = sum(
                tensors[f"lstm.weight_{side}_l{layer}"] @ values + tensors[f"lstm.bias_{side}_l{layer}"]
                for side, values in (("ih", row), ("hh", hidden))
            )
            taken, kept, fresh, given = np.split(np.asarray(gates), 4)
            cell = sigmoid(kept) * cell + sigmoid(taken) * np.tanh(fresh)
            hidden = sigmoid(given) * np.tanh(cell)
            found.append(hidden)
        sequence = np.array(found)
    logits = np.exp(sequence @ tensors["linear.weight"].T + tensors["linear.bias"])
    return np.asarray(logits / logits.sum(1, keepdims=True))


def run(path: Path, frames: np.ndarray, memory: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path))
    found: list[np.ndarray] = session.run(["activations", "hidden_out", "cell_out"], {"frames": frames, **memory})
    return found


def test_the_network_gives_the_mean_of_its_sets_of_weights_and_goes_on_where_it_was(tmp_path: Path) -> None:
    networks = [weights(seed) for seed in (1, 2, 3)]
    write_beatnet(tmp_path / "a.onnx", networks)
    frames = np.random.default_rng(0).random((12, FEATURES), np.float32)
    wanted = np.mean([reference(each, frames) for each in networks], axis=0)
    memory = {name: np.zeros((6, 1, CELLS), np.float32) for name in ("hidden", "cell")}
    first, memory["hidden"], memory["cell"] = run(tmp_path / "a.onnx", frames[:5], memory)
    second = run(tmp_path / "a.onnx", frames[5:], memory)[0]
    # Sums of a few hundred products in float32 there, in float64 here.
    assert np.abs(np.concatenate((first, second)) - wanted).max() < 1e-5
    assert np.ptp(wanted, axis=0).min() > 0.01, "the frames are told apart, so that the order matters"


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_beatnet(tmp_path / name, [weights(1)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_tensor_that_lacks_or_has_another_shape_is_told(tmp_path: Path) -> None:
    tensors = weights(1)
    with pytest.raises(ValueError, match=r"linear.bias has shape \(4,\), not \(3,\)"):
        write_beatnet(tmp_path / "a", [{**tensors, "linear.bias": np.zeros(4, np.float32)}])
    del tensors["lstm.bias_hh_l1"]
    with pytest.raises(KeyError, match="bias_hh_l1"):
        write_beatnet(tmp_path / "a", [tensors])
