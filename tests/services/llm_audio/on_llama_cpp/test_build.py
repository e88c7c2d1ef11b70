"""llama.cpp as it is built here computes what its plain build does.

The build is trimmed to take a quarter of the time (tools/environments/llama_trim.cmake). What is held here was written
by llama-cpp-python 0.3.36 built with its own flags alone: the first lines that SmolLM2 writes, and what a tiny model
makes of half a second of a tone that it heard through the audio encoder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

llama_cpp = pytest.importorskip("llama_cpp")

from services.llm_audio.contract import SAMPLE_RATE  # noqa: E402
from services.llm_audio.on_llama_cpp import loading  # noqa: E402
from services.llm_audio.on_llama_cpp.ears import Ears  # noqa: E402
from services.llm_audio.on_llama_cpp.writing import Writer  # noqa: E402
from services.llm_audio.settings import LlmAudioSettings  # noqa: E402
from standins import tiny_flamingo  # noqa: E402

GREEDY = (
    ' a crucial element in creating a memorable and impactful song. The tempo is often described as a "speed-up" or '
    '"slow-down" rhythm, which can be tailored to fit the song\'s style and tone. This technique allows the'
)
HIGHEST = (85, 53, 76, 118)
"""Tokens with the highest logits, and these, after the tone and a question mark."""
LOGITS = (2.14039, 1.57283, 1.40090, 1.24164)
# Kernels of other instruction sets add up in another order: float32 sums of some hundred terms around 1.
TOLERANCE = 1e-3


def load(path: Path) -> loading.Llama:
    return loading.load(path, LlmAudioSettings(device="cpu", context_tokens=2048), 2048)


def test_greedy_text_is_that_of_the_plain_build(smol: Path) -> None:
    llama = load(smol)
    found = llama.create_completion("The tempo of the song is", max_tokens=48, temperature=0.0, repeat_penalty=1.0)
    assert found["choices"][0]["text"] == GREEDY


def test_an_audio_model_hears_what_it_does_with_the_plain_build(tmp_path: Path) -> None:
    llama = load(tiny_flamingo.write_language_model(tmp_path / "model.gguf"))
    ears = Ears(tiny_flamingo.write_projector(tmp_path / "mmproj.gguf"), llama, threads=1, use_gpu=False)
    tone = np.sin(2 * np.pi * 440.0 * np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE).astype(np.float32)
    ears.hear("listen ", tone, llama, Writer(llama), lambda: None)
    llama.eval(llama.tokenize(b"?", add_bos=False))
    pointer = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
    logits = np.ctypeslib.as_array(pointer, (llama.n_vocab(),)).copy()
    assert tuple(np.argsort(-logits)[:4]) == HIGHEST
    np.testing.assert_allclose(logits[list(HIGHEST)], LOGITS, atol=TOLERANCE)
