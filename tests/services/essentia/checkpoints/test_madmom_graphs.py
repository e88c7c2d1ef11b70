"""The ONNX files compute what madmom's layers say, written out here once more in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from chassis.models.converter import ConversionError
from services.essentia.checkpoints.madmom_graphs import transitions, write_chords, write_key
from services.essentia.checkpoints.madmom_pickle import Part, read_network, read_random_field
from tests.services.essentia.checkpoints import madmom_pickles as made

PAD = made.layer("PadLayer", width=1, axes=(0, 1), value=0.0)
POOL = made.layer("MaxPoolLayer", size=(2, 2), stride=(2, 2))
MEAN = made.layer("AverageLayer", axis=(0, 1), dtype=None, keepdims=False)


def kernels(into: int, out: int, *size: int) -> np.ndarray:
    return np.random.default_rng(out).normal(0, 0.3, (into, out, *size)).astype(np.float32)


def layers(folder: Path, *pickled: bytes) -> list[Part]:
    (folder / "network.pkl").write_bytes(made.network(*pickled))
    return read_network(folder / "network.pkl")


def convolve(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A true convolution, where it overlaps: (time, bands, in) to (time, bands, out), as madmom's layer."""
    _, _, long, wide = weights.shape
    times, bands = image.shape[0] - long + 1, image.shape[1] - wide + 1
    return np.asarray(
        sum(
            image[time : time + times, band : band + bands] @ weights[:, :, long - 1 - time, wide - 1 - band]
            for time in range(long)
            for band in range(wide)
        )
    )


def normed(image: np.ndarray, seed: int) -> np.ndarray:
    numbers = made.norm_numbers(image.shape[-1], seed)
    return np.asarray((image - numbers["mean"]) * (numbers["gamma"] * numbers["inv_std"]) + numbers["beta"])


def run(path: Path, spectrogram: np.ndarray) -> np.ndarray:
    return np.asarray(onnxruntime.InferenceSession(str(path)).run(None, {"spectrogram": spectrogram})[0])


def test_the_key_network_pads_convolves_norms_pools_and_takes_means(tmp_path: Path) -> None:
    first, second = kernels(1, 3, 3, 3), kernels(3, 24, 1, 1)
    body = (PAD, made.convolution(first), made.norm(3, 1), POOL, made.convolution(second), made.norm(24, 2))
    write_key(tmp_path / "key.onnx", layers(tmp_path, *body, MEAN))
    spectrogram = np.random.default_rng(0).random((9, 105), np.float32)
    image = normed(convolve(np.pad(spectrogram, 1)[..., None], first), 1)
    image = np.where(image > 0, image, np.expm1(image))[:8, :104].reshape(4, 2, 52, 2, 3).max((1, 3))
    image = normed(convolve(image, second), 2)
    wanted = np.where(image > 0, image, np.expm1(image)).mean(1)
    # Sums in float32 there, in float64 here.
    assert run(tmp_path / "key.onnx", spectrogram) == pytest.approx(wanted, abs=1e-5)


def test_the_chord_network_gives_the_fields_potentials_of_three_frames_means(tmp_path: Path) -> None:
    weights = kernels(1, 4, 3, 2)
    (tmp_path / "field.pkl").write_bytes(made.field())
    field = read_random_field(tmp_path / "field.pkl")
    write_chords(tmp_path / "a.onnx", layers(tmp_path, made.convolution(weights), made.norm(4, 1, "@relu")), field)
    spectrogram = np.random.default_rng(0).random((9, 113), np.float32)
    rows = np.maximum(normed(convolve(spectrogram[..., None], weights), 1), 0).mean(1)
    means = np.stack([rows[start : start + 3].mean(0) for start in range(len(rows) - 2)])
    wanted = means @ field.array("W", 2) + field.array("c", 1)
    assert run(tmp_path / "a.onnx", spectrogram) == pytest.approx(wanted, abs=1e-5)


def test_what_the_field_says_of_changes_is_one_table(tmp_path: Path) -> None:
    (tmp_path / "field.pkl").write_bytes(made.field())
    field = read_random_field(tmp_path / "field.pkl")
    found = transitions(field)
    assert np.array_equal(found[:25], field.array("A", 2))
    assert np.array_equal(found[25:], [field.array("pi", 1), field.array("tau", 1)])


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ([made.convolution(kernels(1, 23, 3, 3)), made.norm(23, 1)], "gives 23 channels; wanted 24"),
        ([made.convolution(kernels(2, 24, 3, 3)), made.norm(24, 1)], "takes 2 channels and is given 1"),
        ([made.convolution(kernels(1, 24, 3, 3)), made.norm(23, 1)], "a norm of shape"),
        ([made.convolution(kernels(1, 24, 3, 3)), made.norm(24, 1, "@linear")], "followed by 'linear'"),
        ([made.convolution(kernels(1, 24, 3, 3), stride=2), made.norm(24, 1)], "has a stride"),
        ([made.convolution(kernels(1, 24, 3, 3), pad="same"), made.norm(24, 1)], "has a stride, or pads"),
        ([made.convolution(kernels(1, 24, 3, 3), bias=None), made.norm(24, 1)], "has no bias"),
        ([made.norm(24, 1)], "a BatchNormLayer where none belongs"),
        ([made.convolution(kernels(1, 24, 3, 3))], "half a layer"),
        ([PAD, POOL], "a MaxPoolLayer where none belongs"),
        ([made.layer("PadLayer", width=1, axes=(0, 1), value=1.0)], "pads by 1 with 1.0"),
        ([made.layer("PadLayer", width=1 << 30, axes=(0, 1), value=0.0)], "pads by"),
        ([made.layer("MaxPoolLayer", size=(1 << 30, 2), stride=(1 << 30, 2))], "pools other than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "layers",
)
def test_layers_of_another_network_are_refused(tmp_path: Path, body: list[bytes], complaint: str) -> None:
    with pytest.raises(ConversionError, match=complaint):
        write_key(tmp_path / "key.onnx", layers(tmp_path, *body, MEAN))


def test_a_network_without_the_last_mean_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="ends with a PadLayer"):
        write_key(tmp_path / "key.onnx", layers(tmp_path, PAD))


def test_a_field_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "field.pkl").write_bytes(made.field(A=np.zeros((24, 24), np.float32)))
    with pytest.raises(ConversionError, match="wanted 25 chords"):
        transitions(read_random_field(tmp_path / "field.pkl"))
