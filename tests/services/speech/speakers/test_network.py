"""The voice encoder computes what Resemblyzer's own class does, and its checkpoint is read without belief."""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.speaker_peer import STRETCH, buzz
from chassis.models import Store
from chassis.models.converter import ConversionError
from services.speech.speakers import FILE, MODEL, conversion
from services.speech.speakers.checkpoint import read_legacy_checkpoint
from services.speech.speakers.mel import mel_power
from services.speech.speakers.mel_stream import MelStream
from services.speech.speakers.network import BANDS, LAYERS, SIZE, WIDTH, VoiceEncoder

PEER = Path(__file__).with_name("peer.npz")
SAME = 1e-4


class Tensor:
    """Written as torch writes a tensor: a call of its own function with a storage that comes behind the pickles."""

    def __init__(self, values: np.ndarray, key: str) -> None:
        self.values, self.key = np.asarray(values, np.float32), key


class Named:
    """A name that is pickled as a global of torch."""


def legacy(path: Path, content: Any, tensors: list[Tensor], foreign: str = "", cut: int = 0) -> Path:
    """Writes a checkpoint in the format of torch before 1.6."""

    class Pickler(pickle._Pickler):  # type: ignore[name-defined]  # the one in Python can be told how to save a class
        def persistent_id(self, thing: object) -> object:
            if isinstance(thing, tuple) and thing[:1] == ("S",):
                return ("storage", Named, thing[1], "cpu", thing[2], None)
            return None

        def save(self, thing: Any, save_persistent_id: bool = True) -> None:
            if thing is Named:
                self.write(b"c" + (foreign or "torch FloatStorage").replace(" ", "\n").encode() + b"\n")
                return
            if isinstance(thing, Tensor):
                self.write(b"ctorch._utils\n_rebuild_tensor_v2\n(")
                strides = tuple(stride // 4 for stride in thing.values.strides)
                self.save(("S", thing.key, thing.values.size))
                for each in (0, thing.values.shape, strides, False, OrderedDict()):
                    self.save(each)
                self.write(b"tR")
                return
            super().save(thing, save_persistent_id)

    stream = io.BytesIO()
    for plain in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}):
        pickle.dump(plain, stream, 2)
    Pickler(stream, 2).dump(content)
    pickle.dump([tensor.key for tensor in tensors], stream, 2)
    for tensor in tensors:
        stream.write(struct.pack("<q", tensor.values.size) + tensor.values.tobytes())
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) - cut])
    return path


def network_tensors(seed: int = 0) -> dict[str, Tensor]:
    draw = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(LAYERS):
        shapes[f"lstm.weight_ih_l{layer}"] = (4 * WIDTH, BANDS if layer == 0 else WIDTH)
        shapes[f"lstm.weight_hh_l{layer}"] = (4 * WIDTH, WIDTH)
        shapes[f"lstm.bias_ih_l{layer}"] = shapes[f"lstm.bias_hh_l{layer}"] = (4 * WIDTH,)
    shapes |= {"linear.weight": (WIDTH, WIDTH), "linear.bias": (WIDTH,)}
    return {name: Tensor(draw.normal(0, 0.05, shape), str(at)) for at, (name, shape) in enumerate(shapes.items())}


@pytest.mark.weights
def test_the_published_network_gives_what_its_own_class_gives(store: Store) -> None:
    if not store.installed(MODEL):
        pytest.skip(f"{MODEL} is not installed in {store.root}: antiphon models pull {MODEL}")
    with np.load(PEER) as peer:
        mel, embeddings = peer["mel"], peer["embeddings"]
    found = VoiceEncoder(store.require(MODEL).files[FILE]).embed(np.stack([mel[:STRETCH], mel[-STRETCH:]]))
    np.testing.assert_allclose(found, embeddings, atol=SAME)
    assert embeddings.max() > 100 * SAME


def test_the_mel_power_is_librosas() -> None:
    with np.load(PEER) as peer:
        wanted = peer["mel"]
    np.testing.assert_allclose(mel_power(buzz())[: len(wanted)], wanted, atol=SAME * wanted.max())


@pytest.mark.parametrize("size", [1, 77, 1600, 16_000, 40_000])
def test_the_mel_power_is_the_same_in_whatever_blocks_it_comes(size: int) -> None:
    sound, stream = buzz(), MelStream()
    blocks = [sound[None, at : at + size] for at in range(0, len(sound), size)]
    assert all(given is kept for given, kept in zip(stream.through(blocks), blocks, strict=True))
    found, wanted = stream.finish(), mel_power(sound)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_nothing_has_no_power_and_no_direction(tmp_path: Path) -> None:
    assert MelStream().finish().shape == (1, BANDS), "the frame around the first sample that never came"
    np.save(tmp_path / "none.npy", np.zeros(SIZE, np.float32))
    assert not VoiceEncoder(tmp_path / "none.npy").embed(np.zeros((2, 10, BANDS), np.float32)).any()


def test_a_checkpoint_becomes_the_network_that_it_holds(tmp_path: Path) -> None:
    tensors = network_tensors()
    content = {"step": 3, "model_state": OrderedDict(tensors), "optimizer_state": {"lr": 0.1, "betas": (0.9, 0.99)}}
    path = legacy(tmp_path / "trained.pt", content, list(tensors.values()))
    conversion.resemblyzer(tmp_path / FILE, path)
    numbers = np.load(tmp_path / FILE)
    biases = tensors["lstm.bias_ih_l0"].values + tensors["lstm.bias_hh_l0"].values
    start = tensors["lstm.weight_ih_l0"].values.size + tensors["lstm.weight_hh_l0"].values.size
    np.testing.assert_array_equal(numbers[start : start + 4 * WIDTH], biases)
    np.testing.assert_array_equal(numbers[-WIDTH:], tensors["linear.bias"].values)
    VoiceEncoder(tmp_path / FILE)


@pytest.mark.parametrize("foreign", ["os system", "builtins eval", "torch HalfStorage", "collections defaultdict"])
def test_a_checkpoint_that_names_anything_else_is_refused(tmp_path: Path, foreign: str) -> None:
    tensors = network_tensors()
    path = legacy(tmp_path / "evil.pt", {"model_state": OrderedDict(tensors)}, list(tensors.values()), foreign)
    with pytest.raises(ConversionError, match=foreign.split()[1]):
        read_legacy_checkpoint(path, "model_state")


@pytest.mark.parametrize("cut", [1, 1000, 5_000_000])
def test_a_checkpoint_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    tensors = network_tensors()
    path = legacy(tmp_path / "short.pt", {"model_state": OrderedDict(tensors)}, list(tensors.values()), cut=cut)
    with pytest.raises(ConversionError, match=r"short\.pt"):
        conversion.resemblyzer(tmp_path / FILE, path)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    tensors = network_tensors()
    tensors["lstm.weight_ih_l1"] = Tensor(np.zeros((4 * WIDTH, WIDTH // 2)), "other")
    path = legacy(tmp_path / "other.pt", {"model_state": OrderedDict(tensors)}, list(tensors.values()))
    with pytest.raises(ConversionError, match="layer 1 is of another network"):
        conversion.resemblyzer(tmp_path / FILE, path)
    (tmp_path / "none.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ConversionError):
        conversion.resemblyzer(tmp_path / FILE, tmp_path / "none.pt")


@pytest.mark.parametrize("numbers", [np.zeros(SIZE - 1, np.float32), np.zeros(SIZE), np.full(SIZE, np.nan, np.float32)])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, numbers: np.ndarray) -> None:
    np.save(tmp_path / FILE, numbers)
    with pytest.raises(ValueError, match="wanted"):
        VoiceEncoder(tmp_path / FILE)
