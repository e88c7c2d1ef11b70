"""Frames are cut as Essentia cuts them, and short clips are repeated."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from services.essentia.tags.mel import BANDS, log_mel
from services.essentia.tags.patches import Grid, Hearing
from tests.services.essentia.tag_signals import blocks, sweep

EFFNET, MUSICNN = Grid(128, 62), Grid(187, 93)


def count(grid: Grid, samples: int) -> int:
    return sum(len(batch) for batch in grid.cut(log_mel([sweep(samples)]), 8))


# Counted with TensorflowPredictEffnetDiscogs and TensorflowPredictMusiCNN, lastPatchMode="discard".
@pytest.mark.parametrize(
    ("grid", "samples", "patches"),
    [(EFFNET, 32512, 0), (EFFNET, 32513, 1), (EFFNET, 80000, 3), (EFFNET, 507200, 30), (MUSICNN, 516800, 20)],
)
def test_there_are_as_many_patches_as_essentia_gives(grid: Grid, samples: int, patches: int) -> None:
    assert count(grid, samples) == patches


@pytest.mark.parametrize("grid", [EFFNET, MUSICNN])
def test_the_fewest_samples_give_one_patch_and_one_less_gives_none(grid: Grid) -> None:
    assert (count(grid, grid.fewest_samples - 1), count(grid, grid.fewest_samples)) == (0, 1)


def test_patches_are_the_frames_they_stand_for() -> None:
    frames = np.arange(400 * BANDS, dtype=np.float32).reshape(400, BANDS)
    patches = np.concatenate(list(EFFNET.cut(np.array_split(frames, 9), 3)))
    assert len(patches) == 5
    for index, patch in enumerate(patches):
        assert np.array_equal(patch, frames[62 * index : 62 * index + 128])


def test_a_short_clip_is_repeated_and_said_to_be() -> None:
    samples = sweep(10000)
    hearing = Hearing(blocks(samples, 3000), EFFNET.fewest_samples)
    heard = np.concatenate(list(hearing))
    assert len(heard) == 32513
    assert np.array_equal(heard, np.concatenate([samples] * 4)[:32513])
    (warning,) = hearing.warnings()
    assert (warning.reason, warning.field) == ("AUDIO_REPEATED", "tag_sets")
    assert "0.62 s" in warning.message


def test_a_long_clip_is_left_alone() -> None:
    samples = sweep(40000)
    hearing = Hearing(blocks(samples), EFFNET.fewest_samples)
    assert np.array_equal(np.concatenate(list(hearing)), samples)
    assert list(hearing.warnings()) == []


@pytest.mark.parametrize("edge", [0, 200], ids=["clean", "with what resampling leaves at its edges"])
@pytest.mark.parametrize("hertz", [0, 1, 15])
def test_what_is_below_hearing_has_no_tags(hertz: float, edge: int) -> None:
    samples = (0.5 * np.cos(2 * np.pi * hertz * np.arange(40000) / 16000)).astype(np.float32)
    if hertz == 15:
        samples *= 0.1
    samples[:edge] *= np.linspace(0, 1, edge, dtype=np.float32) ** 0.5
    samples[len(samples) - edge :] *= np.linspace(1, 0, edge, dtype=np.float32) ** 0.5
    for size in (1000, 40000):
        hearing = Hearing(blocks(samples, size), 32513)
        list(hearing)
        assert hearing.empty
        assert [warning.reason for warning in hearing.warnings()] == ["AUDIO_INFRASONIC"]
        # A whisper of music on top is heard.
        heard = Hearing(blocks(samples + np.float32(0.01) * sweep(40000), size), 32513)
        list(heard)
        assert not heard.empty
        assert list(heard.warnings()) == []


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(64000), "AUDIO_SILENT"),
        (np.random.default_rng(0).normal(0, 1e-4, 64000), "AUDIO_FAINT"),
        (0.3 * np.sin(2 * np.pi * 440 * np.arange(64000) / 16000), "AUDIO_STEADY"),
        (np.where(np.arange(64000) % 8000 < 32, 0.5, 0), "AUDIO_CLICKS"),
    ],
    ids=["silence", "hiss of -80 dB", "a sine", "clicks"],
)
def test_what_is_no_music_has_no_tags_and_the_reason(samples: np.ndarray, reason: str) -> None:
    hearing = Hearing(blocks(samples.astype(np.float32), 7001), 32513)
    list(hearing)
    assert hearing.empty
    (warning,) = hearing.warnings()
    assert (warning.reason, warning.field) == (reason, "tag_sets")


def test_less_than_a_twentieth_of_a_second_is_refused() -> None:
    with pytest.raises(AntiphonError) as caught:
        list(Hearing([np.ones(799, np.float32)], 32513))
    assert (caught.value.reason, caught.value.metadata["seconds"]) == ("AUDIO_TOO_SHORT", "0.050")
    assert list(Hearing([np.ones(800, np.float32)], 32513))
