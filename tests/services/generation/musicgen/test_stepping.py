"""Fixed caches, compiled steps and bfloat16: what a GPU is to run, held against the plain way on the CPU."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch._inductor.config

from antiphon_wire.errors import AntiphonError
from chassis.models import Store
from services.generation.engines.musicgen import stepping
from services.generation.engines.musicgen.engine import MusicGen
from services.generation.settings import GenerationSettings

# Samples are up to 0.3; the same sums in another order differ by 1e-7.
SAME = 1e-6


@pytest.fixture(scope="module")
def loaded(tiny_store: Store, settings: GenerationSettings) -> Callable[..., MusicGen]:
    def load(kind: str, **changes: Any) -> MusicGen:
        return MusicGen.load(tiny_store.require(f"tiny-{kind}"), replace(settings, **changes))

    return load


def test_a_gpu_gets_fixed_caches_and_a_cpu_what_it_is_told() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert (stepping.choose("auto", cpu), stepping.choose("auto", gpu)) == ("dynamic", "static")
    assert [stepping.choose(each, gpu) for each in stepping.DECODINGS] == list(stepping.DECODINGS)


@pytest.mark.parametrize("kind", ["mono", "stereo", "melody"])
def test_a_cache_of_fixed_size_gives_the_same_music_through_all_windows(
    loaded: Any, order: Any, samples_of: Any, scale: np.ndarray, kind: str
) -> None:
    tune = scale[None] if kind == "melody" else None
    # Two prompts of different lengths, 9 s in windows of 4: sampled, so that a single other score would show.
    wanted = order("warm piano", "energetic electronic dance 120 bpm", seconds=9.0, melody=tune)
    plain, fixed = (samples_of(loaded(kind, decoding=each), wanted) for each in ("dynamic", "static"))
    assert plain.shape == fixed.shape
    assert np.abs(plain - fixed).max() < SAME


def test_a_fixed_cache_holds_a_continuation_and_a_window_longer_than_the_table(
    loaded: Any, order: Any, samples_of: Any, scale: np.ndarray
) -> None:
    clip = order(seconds=4.0, continuation=scale[None])
    long = {"window_seconds": 45.0, "context_seconds": 10.0}  # 2250 frames; the tiny table has 2048 places
    for wanted, changes in ((clip, {}), (order(seconds=42.0), long)):
        plain, fixed = (samples_of(loaded("mono", decoding=each, **changes), wanted) for each in ("dynamic", "static"))
        assert np.abs(plain - fixed).max() < SAME


@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_step_gives_the_same_music_and_is_compiled_once(
    loaded: Any, order: Any, samples_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A compilation that was killed leaves a broken library behind; here each run has a folder of its own.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
    wanted = order(seconds=6.0)
    plain = samples_of(loaded("mono"), wanted)
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    engine = loaded("mono", decoding="compiled")
    assert np.abs(samples_of(engine, wanted) - plain).max() < SAME
    samples_of(engine, order("calm", seconds=1.0))
    assert torch._dynamo.utils.counters["frames"]["ok"] == 1, "the trial, windows and prompts of other lengths share it"
    assert not torch._dynamo.utils.counters["graph_break"]
    assert engine.parameters["decoding"] == "compiled"


def test_a_step_that_cannot_be_compiled_is_told_in_words(
    loaded: Any, order: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch._dynamo.reset()
    none = {"cpp.cxx": (None, str(tmp_path / "no-compiler")), "fx_graph_cache": False}
    with torch._inductor.config.patch(none), pytest.raises(AntiphonError) as caught:
        list(loaded("mono", decoding="compiled").generate(order()))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "COMPILE_FAILED")
    assert "GENERATION_DECODING" in caught.value.message


@pytest.mark.parametrize("decoding", ["dynamic", "static"])
@pytest.mark.parametrize("kind", ["mono", "stereo", "melody"])
def test_bfloat16_runs_and_says_so_and_the_codec_stays_in_float32(
    loaded: Any, order: Any, samples_of: Any, scale: np.ndarray, kind: str, decoding: str
) -> None:
    engine = loaded(kind, precision="bfloat16", decoding=decoding)
    assert engine.precision == "bfloat16"
    assert engine._model.audio_encoder.dtype == torch.float32
    wanted = order(melody=scale[None]) if kind == "melody" else order(continuation=np.stack([scale] * engine.channels))
    samples = samples_of(engine, wanted)
    assert samples.shape == (1, engine.channels, 32_000)
    assert np.isfinite(samples).all()
    assert np.array_equal(samples, samples_of(engine, wanted))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    ],
)
def test_running_out_of_memory_is_told_in_words_and_the_next_order_is_served(
    loaded: Any, order: Any, samples_of: Any, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    engine, steps = loaded("mono", decoding="static"), 0
    before, forward = samples_of(engine, order()), engine._model.decoder.forward

    def fail(**given: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 7:
            raise error
        return forward(**given)

    with monkeypatch.context() as patched:
        patched.setattr(engine._model.decoder, "forward", fail)
        with pytest.raises(AntiphonError) as caught:
            list(engine.generate(order()))
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "WORKER_OUT_OF_MEMORY")
    assert np.array_equal(samples_of(engine, order()), before)
