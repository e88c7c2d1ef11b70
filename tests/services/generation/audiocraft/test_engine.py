"""The engine audiocraft on tiny random models of the library's own classes, loaded as released ones would be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.models import Store
from chassis.reports import ProgressReport
from services.generation.contract import GenerationRequest, PieceBlock, Sampling, Summary
from services.generation.engines.audiocraft.library import ABSENT, AbsentLibraryError, bring_in
from services.generation.job import Jobs
from services.generation.settings import GenerationSettings

audiocraft = pytest.importorskip(
    "services.generation.engines.audiocraft.engine",
    reason="audiocraft has an environment of its own: make test-generation-audiocraft",
)


# Samples are up to 0.3; attention by another backend sums in another order: 1e-7.
SAME = 1e-6


class ScriptedTask:
    """A task without a clip that nobody cancels."""

    source = None

    def checkpoint(self) -> None:
        return


@pytest.fixture(scope="module")
def music(craft_store: Store, craft_settings: GenerationSettings) -> Any:
    return audiocraft.Audiocraft.load(craft_store.require("music"), craft_settings)


@pytest.mark.parametrize(("name", "rate", "frames_a_second"), [("music", 32_000, 50), ("effects", 16_000, 25)])
def test_a_piece_has_the_length_asked_for_and_progress_at_every_step(
    craft_store: Store, craft_settings: GenerationSettings, order: Any, name: str, rate: int, frames_a_second: int
) -> None:
    engine = audiocraft.Audiocraft.load(craft_store.require(name), craft_settings)
    assert (engine.sample_rate, engine.channels) == (rate, 1)
    *progress, last = engine.generate(order(seconds=2.0))
    assert last.samples.shape == (1, 1, 2 * rate)
    assert engine.frame_counts(2.0, 0, False) == (2 * rate, 0)
    assert all(block.samples.shape == (1, 1, 0) for block in progress)
    seconds = [block.seconds for block in progress]
    assert seconds == sorted(seconds)
    assert len(seconds) >= 2 * frames_a_second
    assert last.seconds == 2.0


def test_it_gives_what_the_library_gives_of_the_same_pickles(
    music: Any, order: Any, samples_of: Any, released: Path
) -> None:
    ours = samples_of(music, order(seed=3))
    theirs = bring_in().MusicGen.get_pretrained(str(released / "music"))
    theirs.set_generation_params(duration=1.01, top_k=64, cfg_coef=3.0)
    torch.manual_seed(3)
    assert np.abs(ours - theirs.generate(["warm piano"], progress=False).numpy()).max() < SAME


def test_the_seed_and_the_prompt_decide(music: Any, order: Any, samples_of: Any) -> None:
    first = samples_of(music, order(seed=7))
    assert np.array_equal(first, samples_of(music, order(seed=7)))
    for other in (order(seed=8), order("calm guitar", seed=7), order(seed=7, sampling=Sampling(temperature=0))):
        assert np.abs(first - samples_of(music, other)).max() > 1e-3
    both = samples_of(music, order("warm piano", "calm guitar", seed=7))
    assert np.array_equal(both[0], first[0])
    assert np.array_equal(both[1], samples_of(music, order("calm guitar", seed=8))[0])


def test_a_piece_longer_than_the_window_and_a_continuation_have_the_length_asked_for(
    music: Any, order: Any, samples_of: Any, scale: np.ndarray
) -> None:
    assert samples_of(music, order(seconds=9.0)).shape == (1, 1, 288_000)
    clip = scale[None]
    whole = samples_of(music, order(continuation=clip, include_clip=True))
    # Of the clip's 4 s the last 1.5 s are heard: the settings' context.
    assert music.frame_counts(1.0, clip.shape[1], True) == (80_000, 48_000)
    assert whole.shape == (1, 1, 80_000)
    assert np.array_equal(samples_of(music, order(continuation=clip)), whole[..., 48_000:])
    assert np.abs(whole[..., 48_000:] - samples_of(music, order())).max() > 1e-3


@pytest.mark.parametrize("at", [1, 30])
def test_a_cancel_takes_effect_at_the_next_step(music: Any, order: Any, samples_of: Any, at: int) -> None:
    before = samples_of(music, order())
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(music.generate(order(), step))
    assert steps == at
    assert np.array_equal(samples_of(music, order()), before)


def test_a_reader_who_leaves_ends_the_work(music: Any, order: Any) -> None:
    steps: list[int] = []
    blocks = music.generate(order(seconds=3.0), lambda: steps.append(1))
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    assert len(steps) == 1, "no step after the one that was read"


def test_the_job_and_its_contract_are_those_of_the_other_engine(
    craft_store: Store, craft_settings: GenerationSettings
) -> None:
    events = list(
        Jobs(craft_settings, craft_store).generate(ScriptedTask(), GenerationRequest(prompts=("rain",), seed=1))
    )
    summary = events[-1]
    assert isinstance(summary, Summary)
    assert summary.work.engine == "audiocraft"
    assert "audiocraft" in summary.work.library_versions
    assert summary.pieces[0].frames == 320_000
    assert sum(isinstance(event, ProgressReport) for event in events) > 300, "of 500 steps; windows overlap"
    assert sum(isinstance(event, PieceBlock) for event in events) >= 1


def test_a_model_of_the_other_engine_is_served_where_its_library_is_here_too(
    tiny_store: Store, craft_settings: GenerationSettings
) -> None:
    request = GenerationRequest(model="tiny-mono", prompts=("rain",), seconds=0.2)
    assert list(Jobs(craft_settings, tiny_store).generate(ScriptedTask(), request))[-1].work.engine == "musicgen"


def test_negative_prompts_are_refused(music: Any, order: Any) -> None:
    with pytest.raises(AntiphonError, match="NEGATIVE_PROMPT"):
        list(music.generate(order(negative_prompt="drums")))


def test_no_stand_in_for_a_library_pretends_to_work() -> None:
    bring_in()
    import torchaudio
    import torchaudio.transforms
    import xformers.ops

    uses: list[Callable[[], Any]] = [
        lambda: torchaudio.transforms.Spectrogram(n_fft=4),
        lambda: torchaudio.load("x.wav"),
        lambda: xformers.ops.memory_efficient_attention(1, 2, 3),
    ]
    for use in uses:
        with pytest.raises(AbsentLibraryError, match="is absent"):
            use()


def test_the_readme_says_what_is_missing(root: Path) -> None:
    readme = (root / "services/generation/README.md").read_text()
    for library in ABSENT:
        assert f"`{library}`" in readme
