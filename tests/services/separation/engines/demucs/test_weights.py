"""Files of Demucs models: what is loaded, and what is refused before anything of it can run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demucs.hf import load_safetensors_model
from safetensors.torch import save_file

from antiphon_wire.errors import AntiphonError
from chassis.models import Store
from services.separation.contract import Plan, Tuning
from services.separation.engines.demucs import weights
from services.separation.engines.demucs.engine import Demucs
from services.separation.engines.demucs.torch_backend import TorchBackend
from services.separation.settings import SeparationSettings
from standins import tiny_demucs

SETTINGS = SeparationSettings(device="cpu", backend="torch")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of four tiny networks, by signature."""
    folder = tmp_path_factory.mktemp("networks")
    found = {}
    for seed in range(4):
        path = folder / f"ffff000{seed}"
        tiny_demucs.write(path, tiny_demucs.network("htdemucs", seed))
        found[path.name] = path.read_bytes()
    return found


def installed(folder: Path, yaml: str, files: dict[str, bytes]) -> Any:
    named = {f"{signature}.safetensors": data for signature, data in files.items()}
    store = tiny_demucs.store(folder, {"tiny": {"tiny.yaml": yaml.encode(), **named}})
    return store.require("tiny")


@pytest.mark.parametrize("kind", tiny_demucs.ARGUMENTS)
def test_a_network_is_what_demucs_own_loader_makes_of_the_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "network.safetensors"
    tiny_demucs.write(path, tiny_demucs.network(kind))
    ours, theirs = weights.load(path), load_safetensors_model(path).eval()
    assert type(ours) is type(theirs)
    named = dict(theirs.state_dict())
    assert named.keys() == ours.state_dict().keys()
    assert all(torch.equal(tensor, named[name]) for name, tensor in ours.state_dict().items())
    assert all(tensor.dtype == torch.float32 for tensor in ours.parameters())


@pytest.mark.parametrize("name", ["os.system", "subprocess.Popen", "demucs.wdemucs.WDemucs", "torch.nn.Linear", ""])
def test_a_class_that_is_not_on_the_list_is_neither_imported_nor_called(tmp_path: Path, name: str) -> None:
    witness = tmp_path / "witness"
    path = tmp_path / "network.safetensors"
    tiny_demucs.write(
        path, tiny_demucs.network("htdemucs"), klass=name, args=json.dumps([f"touch {witness}"]), kwargs="{}"
    )
    for read in (weights.load, weights.read_stems):
        with pytest.raises(AntiphonError, match="MODEL_UNREADABLE") as caught:
            read(path)
        assert "demucs.htdemucs.HTDemucs" in caught.value.message
    assert not witness.exists()


@pytest.mark.parametrize(
    "metadata",
    [
        {"structure": "{}"},
        {"kwargs": "no JSON"},
        {"kwargs": "[]"},
        {"args": "3"},
        {"kwargs": '{"sources": ["one"], "audio_channels": 2}'},
        {"kwargs": '{"sources": ["one"], "channels": "many"}'},
        {"kwargs": "[" * 100_000},
        {"kwargs": '{"sources": ["one"], "t_layers": 1000000000}'},
        {"kwargs": '{"sources": ["one"], "depth": 4611686018427387904}'},
    ],
)
def test_what_does_not_fit_the_class_is_refused(tmp_path: Path, metadata: dict[str, str]) -> None:
    path = tmp_path / "network.safetensors"
    tiny_demucs.write(path, tiny_demucs.network("htdemucs"), **metadata)
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
        weights.load(path)


def test_a_file_that_is_no_safetensors_or_lacks_a_tensor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.safetensors"
    path.write_bytes(b"\x80\x04 a pickle, say")
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
        weights.load(path)
    model = tiny_demucs.network("htdemucs")
    state = {name: tensor.contiguous() for name, tensor in list(model.state_dict().items())[1:]}
    tiny_demucs.write(path, model)
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    save_file(state, path, metadata)
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
        weights.load(path)


def test_a_bag_of_files_separates_as_its_yaml_says(tmp_path: Path, files: dict[str, bytes]) -> None:
    model = installed(tmp_path, tiny_demucs.yaml_of(list(files), tiny_demucs.ONE_HOT, 44), files)
    assert Demucs.stems_of(model) == tuple(tiny_demucs.STEMS)
    bag = Demucs.load(model, SETTINGS)
    assert bag.tuned(Tuning()).segment_seconds == 2.0, "a transformer's segment is never made longer"
    mix = (0.1 * np.random.default_rng(0).standard_normal((2, 60_000))).astype(np.float32)
    (got,) = bag.separate([mix], plan=Plan(stems=("vocals",)))
    alone = installed(tmp_path / "alone", tiny_demucs.yaml_of(["ffff0003"]), {"ffff0003": files["ffff0003"]})
    (want,) = Demucs.load(alone, SETTINGS).separate([mix])
    assert list(got.stems) == ["vocals"]
    assert np.array_equal(got.stems["vocals"], want.stems["vocals"])


@pytest.mark.parametrize(
    "yaml",
    [
        "models: [",
        "[]",
        "models: []",
        "models: [aaaa1111]",
        "models: [ffff0000]\nweights: [[1, 1, 1, 1], [1, 1, 1, 1]]",
        "models: [ffff0000]\nweights: [[1, 1]]",
        "models: [ffff0000]\nweights: [[1, 1, 1, 0]]",
        "models: [ffff0000]\nweights: 7",
        "models: [ffff0000]\nsegment: -1",
        "models: !!python/object/apply:os.system ['true']",
        "models: [ffff0000]\nsegment: .nan",
        "models: [ffff0000]\nsegment: .inf",
        "models: [ffff0000]\nsegment: 1.0e-9",
        "models: [ffff0000]" + "\n# more" * 20_000,
        "models: " + "[" * 2_000,
        "a: &a [x, x]\nmodels: [ffff0000, *a]",
    ],
)
def test_a_yaml_that_is_no_bag_of_these_files_is_refused(tmp_path: Path, files: dict[str, bytes], yaml: str) -> None:
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
        Demucs.load(installed(tmp_path, yaml, {"ffff0000": files["ffff0000"]}), SETTINGS)


@pytest.mark.parametrize(
    "argument", [{"samplerate": 0}, {"samplerate": 2**40}, {"segment": 1e9}, {"segment": 0}, {"segment": "x"}]
)
def test_a_network_for_audio_that_there_is_not_is_refused(tmp_path: Path, argument: dict[str, Any]) -> None:
    path = tmp_path / "network.safetensors"
    tiny_demucs.write(path, tiny_demucs.network("htdemucs"))
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        kwargs = {**json.loads(file.metadata()["kwargs"]), **argument}
    tiny_demucs.write(path, tiny_demucs.network("htdemucs"), kwargs=json.dumps(kwargs))
    model = installed(tmp_path, tiny_demucs.yaml_of(["ffff0000"]), {"ffff0000": path.read_bytes()})
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
        Demucs.load(model, SETTINGS)


def test_a_model_without_a_yaml_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    store: Store = tiny_demucs.store(tmp_path, {"tiny": {"ffff0000.safetensors": files["ffff0000"]}})
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
        Demucs.stems_of(store.require("tiny"))


class Starved(torch.nn.Module):
    """A network on a device that holds ``room`` chunks at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.batches: list[int] = []

    def forward(self, mix: torch.Tensor) -> torch.Tensor:
        if mix.shape[0] > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore")
        self.batches.append(mix.shape[0])
        return mix[:, None].repeat(1, 4, 1, 1)


def on_a_gpu(network: Starved, at_once: int, monkeypatch: pytest.MonkeyPatch) -> TorchBackend:
    """A backend that goes the way of a GPU, on the CPU."""
    backend = TorchBackend([network], torch.device("cpu"), at_once=at_once)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)

    class Device:
        type = "cuda"

    monkeypatch.setattr(torch.Tensor, "to", lambda self, device: self)
    backend._device = Device()  # type: ignore[assignment]
    backend.device = "cuda:0 (a fake)"
    return backend


def test_a_batch_that_does_not_fit_is_halved_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Starved(room=3)
    backend = on_a_gpu(network, 8, monkeypatch)
    chunks = [np.full((2, 10), float(place), np.float32) for place in range(8)]
    answers = backend.run(0, chunks)
    assert [float(answer[0, 0, 0]) for answer in answers] == list(range(8))
    assert network.batches == [2, 2, 2, 2]
    assert backend.at_once == 2, "the next batches are as small from the start"


def test_a_single_chunk_that_does_not_fit_is_an_error_and_never_moves_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = on_a_gpu(Starved(room=0), 4, monkeypatch)
    with pytest.raises(AntiphonError) as caught:
        backend.run(0, [np.zeros((2, 10), np.float32)] * 4)
    error = caught.value
    assert (error.code, error.reason) == ("RESOURCE_EXHAUSTED", "DEVICE_OUT_OF_MEMORY")
    assert error.metadata["device"] == "cuda:0 (a fake)"
    assert "Tried to allocate" in error.metadata["problem"]


def test_chunks_of_other_lengths_go_into_batches_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Starved(room=9)
    backend = on_a_gpu(network, 4, monkeypatch)
    answers = backend.run(0, [np.zeros((2, length), np.float32) for length in (10, 10, 7, 10)])
    assert [answer.shape[-1] for answer in answers] == [10, 10, 7, 10]
    assert network.batches == [2, 1, 1]


def test_the_first_chunk_tells_how_many_fit_into_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Starved(room=99)
    backend = on_a_gpu(network, 1, monkeypatch)
    backend._measure = True
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 500)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 1_500)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (5_100, 9_999))
    chunks = [np.zeros((2, 10), np.float32)] * 9
    assert len(backend.run(0, chunks)) == 9
    assert backend.at_once == 4, "a chunk costs 1,000; of 5,100 four fifths are taken"
    assert network.batches == [1, 4, 4]
    backend._measure = True
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10**9, 10**9))
    backend.run(0, chunks[:1])
    assert backend.at_once == 16


def test_running_out_of_the_machines_memory_is_told_while_loading_and_computing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    backend = TorchBackend([Starved(room=1)], torch.device("cpu"))
    monkeypatch.setattr(backend, "_forward", fail)
    with pytest.raises(AntiphonError, match="WORKER_OUT_OF_MEMORY"):
        backend.run(0, [np.zeros((2, 10), np.float32)])
    network = Starved(room=1)
    monkeypatch.setattr(network, "to", fail)
    with pytest.raises(AntiphonError, match="WORKER_OUT_OF_MEMORY"):
        TorchBackend([network], torch.device("cpu"))


def test_float16_is_refused_on_a_cpu() -> None:
    with pytest.raises(AntiphonError, match="PRECISION_NOT_AVAILABLE"):
        TorchBackend([], torch.device("cpu"), "float16")


def test_bfloat16_is_near_float32() -> None:
    network = tiny_demucs.network("htdemucs")
    chunk = (0.1 * np.random.default_rng(0).standard_normal((2, 88_200))).astype(np.float32)
    (full,) = TorchBackend([network], torch.device("cpu")).run(0, [chunk])
    (half,) = TorchBackend([network], torch.device("cpu"), "bfloat16").run(0, [chunk])
    error = np.square(half - full).sum() / np.square(full).sum()
    assert 0 < error < 10 ** (-40 / 10), "8 bits of mantissa: about -47 dB on the real size"
