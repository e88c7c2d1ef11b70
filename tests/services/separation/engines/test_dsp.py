"""The engine without weights: what goes into which stem, that they sum to the mix, that it streams."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.encodings import Encoding
from chassis.models import Store
from services.separation.contract import SUM_BOUNDS_DB, SeparationRequest, Tuning
from services.separation.engines.dsp import STEMS, Dsp
from services.separation.job import Jobs
from services.separation.mix.framing import HOP, WINDOW
from services.separation.settings import SeparationSettings
from tests.services.separation.conftest import MANIFEST, Signals
from tests.services.separation.scripted_tasks import clip_of, samples_of, stems_of

RATE = 44_100


def separated(mix: np.ndarray, cut: int = 65_536) -> dict[str, np.ndarray]:
    """Whole stems; checks on the way that the blocks follow each other without a gap."""
    found: dict[str, list[np.ndarray]] = {stem: [] for stem in STEMS}
    position = 0
    for block in Dsp().separate(np.split(mix, range(cut, mix.shape[1], cut), axis=1)):
        assert block.first_frame == position
        position += block.frame_count
        for stem, samples in block.stems.items():
            assert samples.dtype == np.float32
            found[stem].append(samples)
    return {stem: np.concatenate(parts, axis=1) for stem, parts in found.items()}


def tone(hertz: float, seconds: float = 4.0, left: float = 0.2, right: float = 0.2) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.outer([left, right], np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 10, HOP, WINDOW + 1, 130 * HOP, 131 * HOP, 300_000])
def test_stems_have_the_mixs_length_and_sum_to_it_within_the_claim(signals: Signals, frames: int) -> None:
    mix = signals.noise(frames)
    stems = separated(mix)
    assert {stem.shape for stem in stems.values()} == {mix.shape}
    left = np.square(sum(stems.values()) - mix, dtype=np.float64).sum()
    assert left < 10 ** (SUM_BOUNDS_DB["dsp"] / 10) * np.square(mix, dtype=np.float64).sum()


def test_the_cutting_of_the_input_changes_no_bit(signals: Signals) -> None:
    mix = sum(signals.song(12.0).values())
    whole = separated(mix, cut=mix.shape[1])
    for cut in (4_410, 65_536, 300_001):
        assert all(np.array_equal(stem, whole[name]) for name, stem in separated(mix, cut).items())


def test_streaming_equals_the_whole_at_once(signals: Signals) -> None:
    mix = sum(signals.song(8.0).values())
    streamed = separated(mix)
    engine, half = Dsp(), np.zeros((2, WINDOW // 2), np.float32)
    padded = np.concatenate([half, mix, half], axis=1)
    count = mix.shape[1] // HOP + 1
    spectra = np.stack(
        [np.fft.rfft(padded[:, at : at + WINDOW] * engine._window) for at in range(0, count * HOP, HOP)], axis=1
    )
    level = np.abs(spectra).mean(0)
    around = np.concatenate([np.repeat(level[:1], 8, 0), level, np.repeat(level[-1:], 8, 0)]).astype(np.float32)
    shares = engine._shares(spectra, around)
    for share, stem in zip(shares, STEMS, strict=True):
        total = np.zeros((2, padded.shape[1]))
        weight = np.full(padded.shape[1], 1e-12)
        for frame in range(count):
            part = slice(frame * HOP, frame * HOP + WINDOW)
            total[:, part] += np.fft.irfft(spectra[:, frame] * share[frame], n=WINDOW) * engine._window
            weight[part] += engine._window.astype(float) ** 2
        wanted = (total / weight)[:, WINDOW // 2 : WINDOW // 2 + mix.shape[1]]
        # float32 spectra against float64: a third of a 16-bit step.
        np.testing.assert_allclose(streamed[stem], wanted, rtol=0, atol=1e-5)
        assert np.abs(wanted).max() > 1e-2


@pytest.mark.parametrize(
    ("stem", "mix"),
    [
        ("bass", tone(60.0)),
        ("vocals", tone(440.0)),
        ("other", tone(440.0, right=0.0)),
        ("other", tone(440.0, right=-0.2)),
        ("other", tone(14_000.0)),
    ],
    ids=["low tone", "tone in the middle", "tone on the left", "tone out of phase", "tone above any voice"],
)
def test_a_tone_goes_where_it_belongs(stem: str, mix: np.ndarray) -> None:
    stems = separated(mix)
    inner = slice(RATE, -RATE)  # where it begins and ends, a tone is a stroke too
    energies = {name: float(np.square(samples[:, inner]).sum()) for name, samples in stems.items()}
    assert energies[stem] > 0.9 * sum(energies.values())


def test_strokes_go_to_the_drums() -> None:
    mix = np.zeros((2, 4 * RATE), np.float32)
    mix[:, RATE // 2 :: RATE // 2] = 0.8
    stems = separated(mix)
    energies = {name: float(np.square(samples).sum()) for name, samples in stems.items()}
    assert energies["drums"] > 0.9 * sum(energies.values())


def test_a_song_is_split_better_than_not_at_all(
    signals: Signals, level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    song = signals.song(8.0)
    mix = song["vocals"] + song["accompaniment"]
    stems = separated(mix)
    # SDR without a filter. The voice is alone in its range here; measured 25 dB, and -3 dB for the mix itself.
    assert -level(song["vocals"] - stems["vocals"], song["vocals"]) > 15
    assert -level(song["vocals"] - mix, song["vocals"]) < 0


def test_the_first_stems_come_after_three_seconds_and_a_half(signals: Signals) -> None:
    read = []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, 20 * RATE, 4_410):
            read.append(start)
            yield signals.noise(4_410)

    next(Dsp().separate(blocks()))
    assert read[-1] < 3.5 * RATE


def test_memory_does_not_grow_with_the_clip(signals: Signals) -> None:
    block, minute = signals.noise(6 * RATE), 60 * RATE
    peaks: dict[int, int] = {}
    for done in Dsp().separate(block for _ in range(30)):
        now = (done.first_frame + done.frame_count) // minute
        peaks[now] = max(peaks.get(now, 0), int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
    # Keeping even one stem of the two further minutes would take 42 MB; allocators move less than 32 MB about.
    assert peaks[2] < peaks[0] + (32 << 20)


def test_silence_gives_stems_of_exact_zeros() -> None:
    assert not any(stem.any() for stem in separated(np.zeros((2, 200_000), np.float32)).values())


@pytest.mark.parametrize("blocks", [[], [np.zeros((2, 0), np.float32)]])
def test_a_mix_without_samples_gives_no_block(blocks: list[np.ndarray]) -> None:
    assert list(Dsp().separate(blocks)) == []


def test_what_it_cannot_do_is_refused_by_name(signals: Signals) -> None:
    with pytest.raises(AntiphonError, match="OPTION_NOT_SUPPORTED"):
        Dsp().tuned(Tuning(shifts=2))
    with pytest.raises(AntiphonError, match="AUDIO_LEVEL"):
        list(Dsp().separate([np.full((2, 10_000), 1e7, np.float32)]))
    store = Store(None, MANIFEST)
    with pytest.raises(AntiphonError, match="DEVICE_NOT_AVAILABLE"):
        Dsp.load(store.require("dsp-4stems"), SeparationSettings(device="cuda"))


def test_a_cancel_ends_it_at_the_next_step(signals: Signals, cancel_after: Callable[[int], Callable[[], None]]) -> None:
    with pytest.raises(Cancelled):
        list(Dsp().separate([signals.noise(20 * RATE)], cancel_after(2)))


def test_its_model_needs_no_installing_and_is_marked_as_a_preview(tmp_path: Path, signals: Signals) -> None:
    jobs = Jobs(SeparationSettings(), Store(tmp_path / "empty", MANIFEST))
    mix = signals.noise(100_000)
    request = SeparationRequest("dsp-4stems", ("no_vocals", "bass"), Encoding("pcm_f32le"))
    events = list(jobs.separate(clip_of(tmp_path, mix), request))
    assert {name: samples_of(data).shape for name, data in stems_of(events).items()} == dict.fromkeys(
        ("bass", "no_vocals"), mix.shape
    )
    work = events[-1].work
    assert (work.engine, work.model, work.device) == ("dsp", None, "cpu")
    assert work.parameters["preview"] == "true"
    assert work.parameters["model"] == "dsp-4stems"
    assert events[-1].sum_bound_db == SUM_BOUNDS_DB["dsp"]
    assert events[-1].residual_energy_share < 10 ** (SUM_BOUNDS_DB["dsp"] / 10)


def test_it_does_without_torch() -> None:
    code = "import sys, services.separation.engines.dsp; print('torch' in sys.modules)"
    root = Path(__file__).parents[4]
    printed = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False"]


def test_every_claim_is_of_an_engine_that_there_is() -> None:
    from services.separation.engines import ENGINES

    assert SUM_BOUNDS_DB.keys() <= ENGINES.keys()
