"""The separation job with a Demucs model: the level is taken in a first pass, and the answer says how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demucs.apply import apply_model

from chassis.audio import RawPcm, Source
from chassis.encodings import Encoding
from chassis.models import Store
from services.separation.contract import SeparationRequest, StemBlock, Tuning
from services.separation.job import Jobs
from services.separation.settings import SeparationSettings
from standins import tiny_demucs

SETTINGS = SeparationSettings(device="cpu", default_model="tiny", backend="torch")


@dataclass
class Clip:
    source: Source

    def checkpoint(self) -> None:
        return


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("demucs")
    for seed in (0, 1):
        tiny_demucs.write(folder / f"{seed}", tiny_demucs.network("htdemucs", seed), half=False)
    files = {f"eeee000{seed}.safetensors": (folder / f"{seed}").read_bytes() for seed in (0, 1)}
    pair = [[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    return tiny_demucs.store(
        folder / "store",
        {
            "tiny": {"tiny.yaml": tiny_demucs.yaml_of(["eeee0000"]).encode(), **files},
            "pair": {"pair.yaml": tiny_demucs.yaml_of(["eeee0000", "eeee0001"], pair).encode(), **files},
        },
    )


def clip(folder: Path, mix: np.ndarray, rate: int = 44_100) -> Clip:
    path = folder / "clip.f32"
    path.write_bytes(mix.T.astype("<f4").tobytes())
    return Clip(Source(path, raw=RawPcm("f32le", rate, mix.shape[0])))


def stems_of(events: list[Any]) -> dict[str, np.ndarray]:
    found: dict[str, bytes] = {}
    for event in events:
        if isinstance(event, StemBlock):
            found[event.stem] = found.get(event.stem, b"") + event.data
    return {stem: np.frombuffer(data, "<f4").reshape(-1, 2).T for stem, data in found.items()}


def noise(frames: int) -> np.ndarray:
    return (0.02 + 0.1 * np.random.default_rng(5).standard_normal((2, frames))).astype(np.float32)


def test_an_uploaded_clip_gives_the_stems_that_demucs_gives(store: Store, tmp_path: Path) -> None:
    mix = noise(150_000)
    stems = stems_of(
        list(Jobs(SETTINGS, store).separate(clip(tmp_path, mix), SeparationRequest(encoding=Encoding("pcm_f32le"))))
    )
    wave = torch.from_numpy(mix)
    mean, deviation = wave.mean(), wave.mean(0).std() + 1e-8
    whole = apply_model(tiny_demucs.network("htdemucs"), ((wave - mean) / deviation)[None], shifts=0)[0]
    want = (whole * deviation + mean).numpy()
    assert list(stems) == tiny_demucs.STEMS
    np.testing.assert_allclose(np.stack(list(stems.values())), want, rtol=0, atol=1e-5)


def test_the_summary_says_which_engine_with_what_in_force(store: Store, tmp_path: Path) -> None:
    request = SeparationRequest(encoding=Encoding("pcm_f32le"), tuning=Tuning(shifts=2, overlap=0.1, seed=7))
    work = list(Jobs(SETTINGS, store).separate(clip(tmp_path, noise(20_000)), request))[-1].work
    assert (work.engine, work.device, work.precision, work.seed) == ("demucs", "cpu", "float32", 7)
    told = {name: work.parameters[name] for name in ("shifts", "overlap", "segment", "seed", "backend")}
    assert told == {"shifts": "2", "overlap": "0.1", "segment": "2.0", "seed": "7", "backend": "torch"}
    assert work.library_versions["demucs"] == "4.1.0"
    plain = list(Jobs(SETTINGS, store).separate(clip(tmp_path, noise(20_000)), SeparationRequest()))[-1].work
    assert plain.seed is None, "nothing was drawn"


def test_one_stem_of_a_bag_is_the_stem_of_all(store: Store, tmp_path: Path) -> None:
    jobs, task = Jobs(SETTINGS, store), clip(tmp_path, noise(60_000))
    every = stems_of(list(jobs.separate(task, SeparationRequest("pair", encoding=Encoding("pcm_f32le")))))
    one = list(jobs.separate(task, SeparationRequest("pair", ("vocals",), Encoding("pcm_f32le"))))
    assert np.array_equal(stems_of(one)["vocals"], every["vocals"])
    assert one[-1].stems[0].energy_share is None, "the other stems were not computed"


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (192_000, 2), (48_000, 6)])
def test_any_rate_and_channel_count_is_taken(store: Store, tmp_path: Path, rate: int, channels: int) -> None:
    mix = np.random.default_rng(0).standard_normal((channels, rate // 2)).astype(np.float32) * 0.1
    events = list(
        Jobs(SETTINGS, store).separate(clip(tmp_path, mix, rate), SeparationRequest(encoding=Encoding("pcm_f32le")))
    )
    assert {stem.frames for stem in events[-1].stems} == {22_050}


def test_karaoke_runs_only_the_networks_of_the_stem_that_is_taken_out(store: Store, tmp_path: Path) -> None:
    jobs, mix = Jobs(SETTINGS, store), noise(60_000)
    events = list(jobs.separate(clip(tmp_path, mix), SeparationRequest("pair", ("no_vocals",), Encoding("pcm_f32le"))))
    every = stems_of(
        list(jobs.separate(clip(tmp_path, mix), SeparationRequest("pair", encoding=Encoding("pcm_f32le"))))
    )
    assert np.array_equal(stems_of(events)["no_vocals"], mix - every["vocals"])
    assert events[-1].residual_energy_share is None, "the other stems were not computed"
    assert events[-1].sum_bound_db is None, "these networks claim no sum"
