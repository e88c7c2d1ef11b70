"""The Spleeter engine on tiny seeded networks and on networks whose masks are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.models import InstalledModel
from services.separation.engines.spleeter.engine import Spleeter
from services.separation.engines.spleeter.network import UNet
from services.separation.mix.framing import PATCH_FRAMES, PATCH_SAMPLES, WINDOW
from services.separation.settings import SeparationSettings

HOP_OF_PATCH = PATCH_FRAMES * 1024
CPU = SeparationSettings(device="cpu")


def separated(separator: Spleeter, blocks: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Whole stems; checks on the way that the blocks follow each other without a gap."""
    found: dict[str, list[np.ndarray]] = {stem: [] for stem in separator.stems}
    position = 0
    for block in separator.separate(blocks):
        assert block.first_frame == position
        position += block.frame_count
        for stem, samples in block.stems.items():
            assert samples.dtype == np.float32
            assert samples.shape == (2, block.frame_count)
            found[stem].append(samples)
    return {stem: np.concatenate([np.zeros((2, 0), np.float32), *parts], axis=1) for stem, parts in found.items()}


@torch.inference_mode()
def one_shot(tensors: dict[str, torch.Tensor], mix: np.ndarray) -> dict[str, np.ndarray]:
    """The whole mix at once, by torch's own STFT and its inverse, with plain networks: what streaming must equal."""
    window = torch.hann_window(4096)
    spectrum = torch.stft(torch.from_numpy(mix), 4096, 1024, window=window, pad_mode="constant", return_complex=True)
    frames = spectrum.shape[2]
    magnitude = F.pad(spectrum.abs()[:, :1024], (0, -frames % 512))
    batch = magnitude.unflatten(2, (-1, 512)).permute(2, 0, 3, 1)
    powers = {}
    for stem in ("vocals", "accompaniment"):
        state = {name.removeprefix(f"{stem}."): tensor for name, tensor in tensors.items() if name.startswith(stem)}
        network = UNet([state[f"down.{level}.weight"].shape[0] for level in range(6)]).eval()
        network.load_state_dict(state, strict=False)
        powers[stem] = torch.cat([network(each[None]) for each in batch]).permute(1, 3, 0, 2).flatten(2) ** 2
    total = powers["vocals"] + powers["accompaniment"] + 1e-10
    stems = {}
    for stem, power in powers.items():
        share = ((power + 0.5e-10) / total)[..., :frames]
        share = torch.cat([share, share[:, -32:].mean(1, keepdim=True).expand(-1, 1025, -1)], 1)
        stems[stem] = torch.istft(spectrum * share, 4096, 1024, window=window, length=mix.shape[1]).numpy()
    return stems


@pytest.mark.parametrize(
    ("frames", "cuts"),
    [
        (441, []),
        (1, []),
        (100_000, [0, 1, 2, 50_000, 50_000, 99_999]),
        (PATCH_SAMPLES - WINDOW, [123_456]),
        (PATCH_SAMPLES - WINDOW - 1, []),
        (HOP_OF_PATCH, [HOP_OF_PATCH - 1]),
        (2 * HOP_OF_PATCH + 12_345, list(range(0, 2 * HOP_OF_PATCH, 65_536))),
    ],
)
def test_streaming_equals_the_whole_mix_at_once(
    tiny: Spleeter, tiny_tensors: dict[str, torch.Tensor], signals: Any, frames: int, cuts: list[int]
) -> None:
    mix = signals.noise(frames)
    found = separated(tiny, np.split(mix, cuts, axis=1))
    wanted = one_shot(tiny_tensors, mix)
    for stem in tiny.stems:
        assert found[stem].shape == mix.shape
        # Full scale is 1; 1e-5 is what the service promises, a third of a 16-bit step.
        np.testing.assert_allclose(found[stem], wanted[stem], rtol=0, atol=1e-5)
    if frames > 1024:
        assert np.abs(found["vocals"] - wanted["accompaniment"]).max() > 1e-2


def test_the_cutting_of_the_input_changes_no_bit(tiny: Spleeter, signals: Any) -> None:
    mix = signals.noise(HOP_OF_PATCH + 200_000)
    whole = separated(tiny, [mix])
    for size in (4_410, 65_536, 300_001):
        cut = separated(tiny, np.split(mix, range(size, mix.shape[1], size), axis=1))
        assert all(np.array_equal(cut[stem], whole[stem]) for stem in tiny.stems)
    shifted = separated(tiny, [mix[:, 1:]])
    assert not np.allclose(shifted["vocals"], whole["vocals"][:, 1:], atol=1e-4)


def test_stems_sum_to_the_mix_over_the_whole_band(
    tiny: Spleeter, signals: Any, level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    mix = signals.noise(HOP_OF_PATCH + 100_000)  # white: half of it lies above 11 kHz
    stems = separated(tiny, [mix])
    assert level(sum(stems.values()) - mix, mix) < -120  # float32 has -138 dB a step; -40 dB is asked for
    assert level(stems["vocals"], mix) < -1, "a stem that is the mix would make the sum easy"
    assert level(stems["vocals"], mix) > -30


class Scaled(torch.nn.Module):
    """A network that passes magnitudes on, times a gain for each bin."""

    def __init__(self, gain: torch.Tensor) -> None:
        super().__init__()
        self.gain = gain

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        return magnitude * self.gain


def test_networks_with_amplitudes_two_to_one_share_the_mix_four_to_one(signals: Any) -> None:
    mix = signals.noise(50_000)
    separator = Spleeter({"loud": Scaled(torch.tensor(2.0)), "soft": Scaled(torch.tensor(1.0))})
    stems = separated(separator, [mix])
    np.testing.assert_allclose(stems["loud"], 0.8 * mix, rtol=0, atol=1e-6)
    np.testing.assert_allclose(stems["soft"], 0.2 * mix, rtol=0, atol=1e-6)


def test_the_band_above_the_network_goes_with_its_highest_bins(signals: Any) -> None:
    mix = signals.noise(200_000)
    top = (torch.arange(1024) >= 1024 - 32).float()
    stems = separated(Spleeter({"high": Scaled(top), "low": Scaled(1 - top)}), [mix])
    spectra = {stem: np.abs(np.fft.rfft(wave[0] * np.hanning(200_000))) ** 2 for stem, wave in stems.items()}
    hertz = np.fft.rfftfreq(200_000, 1 / 44_100)
    above, below = hertz > 11_100, hertz < 10_500  # bin 992 is 10.68 kHz; a Hann window reaches two bins further
    # -60 dB: what overlapping windows of a mask with a hard edge leak at 100 Hz from the edge.
    assert spectra["low"][above].sum() < 1e-6 * spectra["high"][above].sum()
    assert spectra["high"][below].sum() < 1e-6 * spectra["low"][below].sum()


def test_silence_gives_stems_of_exact_zeros(tiny: Spleeter) -> None:
    stems = separated(tiny, [np.zeros((2, 30_000), np.float32)])
    assert all(samples.shape == (2, 30_000) and not samples.any() for samples in stems.values())


@pytest.mark.parametrize("peak", [1e7, 3e38])
def test_samples_that_cannot_be_squared_are_refused(tiny: Spleeter, signals: Any, peak: float) -> None:
    mix = signals.noise(10_000)
    mix[1, 5_000] = peak
    with pytest.raises(AntiphonError, match="AUDIO_LEVEL") as caught:
        separated(tiny, [mix])
    assert caught.value.code == "INVALID_ARGUMENT"
    mix[1, 5_000] = 1e6
    assert all(np.isfinite(samples).all() for samples in separated(tiny, [mix]).values())


@pytest.mark.parametrize("blocks", [[], [np.zeros((2, 0), np.float32)]])
def test_a_mix_without_samples_gives_no_block(tiny: Spleeter, blocks: list[np.ndarray]) -> None:
    assert list(tiny.separate(blocks)) == []


def test_the_first_stems_come_before_the_second_patch_is_read(tiny: Spleeter, signals: Any) -> None:
    mix, read = signals.noise(3 * HOP_OF_PATCH), []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, mix.shape[1], 10_000):
            read.append(start)
            yield mix[:, start : start + 10_000]

    first = next(iter(tiny.separate(blocks())))
    assert first.frame_count == HOP_OF_PATCH - WINDOW // 2
    assert read[-1] < PATCH_SAMPLES


def test_memory_does_not_grow_with_the_clip(tiny: Spleeter, signals: Any) -> None:
    minute = 60 * 44_100
    block = signals.noise(minute // 40)
    peaks = {}
    for done in tiny.separate(block for _ in range(4 * 40)):
        now = (done.first_frame + done.frame_count) // minute
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        peaks[now] = max(peaks.get(now, 0), pages * 4096)
    # Keeping even one stem of the three further minutes would take 64 MB; allocators move less than 32 MB about.
    assert max(peaks[2], peaks[3]) < max(peaks[0], peaks[1]) + (32 << 20)


def test_a_cancel_ends_it_before_the_next_network_and_leaves_the_model_as_it_was(
    tiny: Spleeter, signals: Any, cancel_after: Callable[[int], Callable[[], None]]
) -> None:
    mix = signals.noise(3 * HOP_OF_PATCH)
    before = separated(tiny, [mix[:, :50_000]])
    stream = tiny.separate([mix], cancel_after(3))  # two networks a patch: the second patch's second call
    assert next(stream).first_frame == 0
    with pytest.raises(Cancelled):
        next(stream)
    after = separated(tiny, [mix[:, :50_000]])
    assert all(np.array_equal(before[stem], after[stem]) for stem in tiny.stems)


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)
def test_running_out_of_memory_is_told_and_the_next_clip_is_separated(
    tiny: Spleeter, signals: Any, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    def fail(magnitude: torch.Tensor) -> torch.Tensor:
        raise error

    mix = signals.noise(20_000)
    before = separated(tiny, [mix])
    with monkeypatch.context() as patched:
        patched.setattr(tiny, "_networks", {stem: fail for stem in tiny.stems})
        with pytest.raises(AntiphonError) as caught:
            separated(tiny, [mix])
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "WORKER_OUT_OF_MEMORY")
    after = separated(tiny, [mix])
    assert all(np.array_equal(before[stem], after[stem]) for stem in tiny.stems)


def test_a_model_says_its_stems_without_being_loaded(tiny_model: InstalledModel) -> None:
    assert Spleeter.stems_of(tiny_model) == ("vocals", "accompaniment")


def test_auto_reports_the_device_that_it_chose(tiny_model: InstalledModel) -> None:
    expected = "cuda:0 (" if torch.cuda.is_available() else "cpu"
    assert Spleeter.load(tiny_model, SeparationSettings(device="auto")).device.startswith(expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the GPU that the test needs missing")
def test_a_gpu_that_is_asked_for_and_missing_is_an_error(tiny_model: InstalledModel) -> None:
    with pytest.raises(AntiphonError) as caught:
        Spleeter.load(tiny_model, SeparationSettings(device="cuda"))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "DEVICE_NOT_AVAILABLE")
    assert "SEPARATION_DEVICE" in caught.value.message


def test_loading_sets_the_threads(tiny_model: InstalledModel) -> None:
    Spleeter.load(tiny_model, SeparationSettings(device="cpu", thread_count=2))
    assert torch.get_num_threads() == 2


GOOD = {"format": "spleeter-unet", "sample_rate": "44100", "stems": "vocals,accompaniment"}


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        (GOOD | {"format": "htdemucs"}, "htdemucs"),
        (GOOD | {"sample_rate": "48000"}, "48000"),
        (GOOD | {"stems": "vocals"}, "two or more"),
        (GOOD | {"stems": "vocals,drums"}, "belongs to none"),
        (GOOD | {"stems": "vocals,accompaniment,drums"}, "drums.down.0.weight is missing"),
    ],
)
def test_weights_that_describe_something_else_are_refused(
    tmp_path: Path,
    tiny_model: InstalledModel,
    tiny_tensors: dict[str, torch.Tensor],
    metadata: dict[str, str],
    problem: str,
) -> None:
    path = tmp_path / "tiny.safetensors"
    save_file(tiny_tensors, path, metadata)
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE") as caught:
        Spleeter.load(InstalledModel(tiny_model.model, tmp_path, {path.name: path}), CPU)
    assert problem in caught.value.message


def test_a_file_cut_short_is_refused(tmp_path: Path, tiny_model: InstalledModel) -> None:
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(next(iter(tiny_model.files.values())).read_bytes()[:-1])
    damaged = InstalledModel(tiny_model.model, tmp_path, {path.name: path})
    for verb in (lambda: Spleeter.load(damaged, CPU), lambda: Spleeter.stems_of(damaged)):
        with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"):
            verb()


def test_a_model_without_a_weights_file_is_refused(tmp_path: Path, tiny_model: InstalledModel) -> None:
    with pytest.raises(AntiphonError, match="0 safetensors files"):
        Spleeter.stems_of(InstalledModel(tiny_model.model, tmp_path, {"notes.txt": tmp_path / "notes.txt"}))
