"""The OpenVINO backend gives what torch gives, keeps its graph, and says what it cannot do."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demucs.demucs import DConv, LayerScale

from antiphon_wire.errors import AntiphonError
from chassis.models import InstalledModel
from services.separation.contract import MixLevel, Plan, Tuning
from services.separation.engines.demucs import openvino_graph, resident, weights
from services.separation.engines.demucs.bag import Bag
from services.separation.engines.demucs.engine import Demucs
from services.separation.engines.demucs.flat_residual import FlatResidual, flattened
from services.separation.engines.demucs.openvino_backend import OpenVinoBackend
from services.separation.engines.demucs.torch_backend import TorchBackend
from services.separation.settings import SeparationSettings
from standins import tiny_demucs

CPU = torch.device("cpu")
STATUS = Path("/proc/self/status")
TELLS = STATUS.exists() and "RssFile:" in STATUS.read_text()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the graph of the tiny network."""
    folder = tmp_path_factory.mktemp("derived") / "network"
    backend(folder)
    return folder


def network() -> Any:
    return tiny_demucs.network("htdemucs")


def backend(folder: Path, **options: Any) -> OpenVinoBackend:
    return OpenVinoBackend([network()], [folder], [network], **options)


def installed(folder: Path, kind: str, segment: float | None = None) -> InstalledModel:
    """A model of one tiny network."""
    tiny_demucs.write(folder / "weights", tiny_demucs.network(kind))
    files = {"tiny.yaml": tiny_demucs.yaml_of(["aaaa0000"], segment=segment).encode()}
    files["aaaa0000.safetensors"] = (folder / "weights").read_bytes()
    return tiny_demucs.store(folder / "store", {"tiny": files}).require("tiny")


def noise(frames: int, seed: int = 0) -> np.ndarray:
    return (0.3 * np.random.default_rng(seed).standard_normal((2, frames))).astype(np.float32)


def relative(got: np.ndarray, want: np.ndarray) -> float:
    return float(np.sqrt(np.square(got - want, dtype=np.float64).sum() / np.square(want, dtype=np.float64).sum()))


@pytest.mark.parametrize("frames", [88_200, 57_331])
def test_a_chunk_is_what_torch_makes_of_it(kept: Path, frames: int) -> None:
    chunk = noise(frames)
    (want,) = TorchBackend([tiny_demucs.network("htdemucs")], CPU).run(0, [chunk])
    (got,) = backend(kept).run(0, [chunk])
    assert got.shape == want.shape == (4, 2, frames)
    # Sums in another order; on the real size it is allowed 5e-5.
    assert relative(got, want) < 2e-5


def test_a_whole_mix_is_what_torch_makes_of_it(kept: Path) -> None:
    single, mix = network(), noise(200_001)
    level = MixLevel(float(mix.mean()), float(mix.mean(0).std(ddof=1)))

    def stems(computing: Any) -> np.ndarray:
        blocks = list(Demucs(Bag([single]), computing).separate([mix], plan=Plan(level=level)))
        return np.stack([np.concatenate([block.stems[stem] for block in blocks], axis=1) for stem in single.sources])

    want = stems(TorchBackend([single], CPU))
    assert relative(stems(backend(kept)), want) < 2e-5
    together = backend(kept, at_once=2)
    assert relative(stems(together), want) < 2e-5


def test_bfloat16_is_near_and_named_or_refused(kept: Path) -> None:
    chunk = noise(88_200)
    (full,) = backend(kept).run(0, [chunk])
    try:
        lower = backend(kept, precision="bfloat16")
    except AntiphonError as error:
        assert error.reason == "PRECISION_NOT_AVAILABLE"
        return
    assert lower.precision == "bfloat16"
    assert 0 < relative(lower.run(0, [chunk])[0], full) < 10 ** (-40 / 20)


def test_float16_is_refused(kept: Path) -> None:
    with pytest.raises(AntiphonError, match="PRECISION_NOT_AVAILABLE"):
        backend(kept, precision="float16")


def test_a_kept_graph_is_read_and_not_made_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trace(network: Any) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(openvino_graph, "trace", trace)
    assert backend(kept).run(0, [noise(1_000)])[0].shape == (4, 2, 1_000)


@pytest.mark.parametrize("published_as", ["half", "float"])
def test_a_kept_graph_is_packed_where_that_loses_nothing(tmp_path: Path, published_as: str) -> None:
    made = tiny_demucs.network("htdemucs")
    for each in made.parameters():
        each.data = each.data.half().float() if published_as == "half" else each.data * 1.0001
    count, chunk = sum(each.numel() for each in made.parameters()), noise(10_000)
    (want,) = TorchBackend([made], CPU).run(0, [chunk])
    (got,) = OpenVinoBackend([made], [tmp_path / "network"], [lambda: made]).run(0, [chunk])
    assert relative(got, want) < 2e-5
    size = (tmp_path / "network" / "core.bin").stat().st_size
    assert (size < 3 * count) == (published_as == "half"), f"{size} bytes for {count} numbers"
    read = openvino_graph.openvino.Core().read_model(tmp_path / "network" / "core.xml")
    packed = [each.get_rt_info() for each in read.get_ops() if each.get_friendly_name().endswith("/packed")]
    assert packed, "constants that are the same for all networks are"
    assert all("decompression_0" in each for each in packed), "else each would be unpacked at once and lie there twice"


def test_a_graph_that_cannot_be_read_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "network"
    folder.mkdir()
    (folder / "core.xml").write_text("<net")
    chunk = noise(10_000)
    (want,) = TorchBackend([tiny_demucs.network("htdemucs")], CPU).run(0, [chunk])
    assert relative(backend(folder).run(0, [chunk])[0], want) < 2e-5
    assert (folder / "core.bin").stat().st_size > 1_000_000, "the weights are in it"
    assert [path.name for path in tmp_path.iterdir()] == ["network"], "nothing half made is left"


def test_where_nothing_can_be_kept_it_computes_all_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made below this")
    assert backend(blocked / "network").run(0, [noise(1_000)])[0].shape == (4, 2, 1_000)


def test_of_a_kept_graph_the_weights_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(tmp_path, "htdemucs")
    first = Demucs.load(model, SeparationSettings(device="cpu"))

    def load(path: Path) -> None:
        raise AssertionError(f"{path} is read")

    monkeypatch.setattr(weights, "load", load)
    again = Demucs.load(model, SeparationSettings(device="cpu"))
    for each in again._bag.networks:
        assert sum(parameter.numel() for parameter in each.parameters()) < 300_000
    mix, plan = noise(100_000), Plan(level=MixLevel(0.0, 0.3))
    for one, other in zip(first.separate([mix], plan=plan), again.separate([mix], plan=plan), strict=True):
        for stem in tiny_demucs.STEMS:
            assert np.array_equal(one.stems[stem], other.stems[stem])


def test_a_bags_own_segment_is_that_of_the_graph(tmp_path: Path) -> None:
    model = installed(tmp_path, "htdemucs", segment=1.5)
    mix, plan = noise(100_000), Plan(level=MixLevel(0.0, 0.3))
    separators = [Demucs.load(model, SeparationSettings(device="cpu", backend=name)) for name in ("torch", "openvino")]
    want, got = (
        np.concatenate([block.stems["vocals"] for block in each.separate([mix], plan=plan)], axis=1)
        for each in separators
    )
    assert [each.tuned(Tuning()).segment_seconds for each in separators] == [1.5, 1.5]
    assert relative(got, want) < 2e-5


def stirred() -> Any:
    """A network whose norms and scales are not the ones and near-zeros that they begin as."""
    made = tiny_demucs.network("htdemucs", dconv_mode=3)
    random = torch.Generator().manual_seed(5)
    for module in made.modules():
        if isinstance(module, torch.nn.GroupNorm):
            module.weight.data.uniform_(0.5, 2, generator=random)
            module.bias.data.normal_(generator=random)
        elif isinstance(module, LayerScale):
            module.scale.data.uniform_(0.2, 1, generator=random)
    return made


def test_residuals_over_all_frequencies_at_once_are_those_of_each() -> None:
    made, chunk = stirred(), torch.from_numpy(noise(88_200))[None]
    with torch.no_grad():
        want = made(chunk)
        with flattened(made):
            assert sum(isinstance(module, FlatResidual) for module in made.modules()) == 8, "four on either way"
            got = made(chunk)
        again = made(chunk)
    assert relative(got.numpy(), want.numpy()) < 1e-6
    assert torch.equal(again, want), "the network is left as it was"


@pytest.mark.parametrize("extra", ["attn", "lstm"])
def test_residuals_with_attention_or_memory_are_left_alone(extra: str) -> None:
    made = network()
    made.encoder[1].dconv = DConv(16, **{extra: True})
    with flattened(made):
        assert sum(isinstance(module, FlatResidual) for module in made.modules()) == 3
        assert isinstance(made.encoder[1].dconv, DConv)


def test_the_way_back_from_spectra_is_that_of_the_network() -> None:
    random = torch.Generator().manual_seed(2)
    shell = network()
    frames = -(-openvino_graph.segment_samples(shell) // shell.hop_length)
    spectra = torch.randn(1, 4, 4, 2048, frames, generator=random)
    waves = torch.randn(1, 4, 2, openvino_graph.segment_samples(shell), generator=random)
    want = waves + shell._ispec(shell._mask(None, spectra), waves.shape[-1])
    assert relative(openvino_graph.joined(shell, spectra, waves).numpy(), want.numpy()) < 1e-6


def test_other_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AntiphonError, match="BACKEND_NOT_AVAILABLE"):
        OpenVinoBackend([tiny_demucs.network("hdemucs")], [tmp_path], [network])


@pytest.mark.parametrize(
    ("kind", "wanted", "found"),
    [("htdemucs", "auto", "openvino"), ("htdemucs", "torch", "torch"), ("hdemucs", "auto", "torch")],
)
def test_the_settings_choose_and_the_parameters_say_so(tmp_path: Path, kind: str, wanted: str, found: str) -> None:
    model = installed(tmp_path, kind)
    loaded = Demucs.load(model, SeparationSettings(device="cpu", backend=wanted))
    assert loaded.parameters == {"backend": found}
    assert ("openvino" in loaded.library_versions) == (found == "openvino")
    kept = [path.parent.name for path in tmp_path.rglob("core.xml")]
    assert kept == (["aaaa0000"] if found == "openvino" else [])


def test_graphs_are_kept_elsewhere_where_the_settings_say_so(tmp_path: Path, kept: Path) -> None:
    inside = openvino_graph.folder_for(tmp_path / "htdemucs" / "0123", None)
    assert inside.is_relative_to(tmp_path / "htdemucs" / "0123")
    beside = openvino_graph.folder_for(tmp_path / "views" / "separation" / "htdemucs" / "0123", None)
    assert beside.parent == tmp_path / "derived" / "separation" / "htdemucs" / "0123", "a worker may not write to views"
    outside = openvino_graph.folder_for(tmp_path / "htdemucs" / "0123", tmp_path / "graphs")
    assert outside.parent == tmp_path / "graphs" / "htdemucs" / "0123", "weights of other digests are told apart"
    assert outside.name == inside.name


@pytest.mark.skipif(not TELLS, reason="this system does not tell what of files is resident")
def test_pages_of_a_file_are_let_go_and_read_again_when_wanted(tmp_path: Path) -> None:
    data = bytes(range(256)) * (64 << 10)  # 16 MB
    path = tmp_path / "a file"
    path.write_bytes(data)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        before = file_bytes()
        assert mapped[:] == data
        held = file_bytes()
        assert held - before > 12 << 20
        resident.drop_pages(path)
        assert held - file_bytes() > 12 << 20
        assert mapped[:] == data
    resident.drop_pages(tmp_path / "no such file")
    resident.trim()


def file_bytes() -> int:
    """Bytes of mapped files that are resident."""
    status = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(status["RssFile"].split()[0]) << 10


def test_a_graphs_file_does_not_stay_in_memory(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[Path] = []
    monkeypatch.setattr(resident, "drop_pages", dropped.append)
    computing = backend(kept)
    assert dropped == [kept / "core.bin"]
    assert dropped[0].stat().st_size > 1_000_000
    monkeypatch.undo()
    (want,) = computing.run(0, [noise(1_000)])
    resident.drop_pages(dropped[0])
    assert np.array_equal(computing.run(0, [noise(1_000)])[0], want)


def test_openvino_reports_to_nobody() -> None:
    assert sys.modules["openvino_telemetry"] is None
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__ == "openvino.tools.ovc.telemetry_stub"
