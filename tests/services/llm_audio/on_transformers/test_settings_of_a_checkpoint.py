"""Settings of a checkpoint that do not fit its weights are refused when it is loaded, with the command that helps."""

from __future__ import annotations

import json
import os
import re
import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from antiphon_wire.errors import AntiphonError
from chassis.family.loading import naming
from chassis.models import trial
from services.llm_audio.contract import Sampling, Turn
from services.llm_audio.engines.gemma3n_transformers import Gemma3nTransformers
from services.llm_audio.engines.music_flamingo_transformers import MusicFlamingoTransformers
from services.llm_audio.settings import LlmAudioSettings
from standins import tiny_flamingo_checkpoint, tiny_gemma3n
from tests.mutated_settings import mutate, put

SETTINGS = LlmAudioSettings(device="cpu")
ENGINES: dict[str, Any] = {"gemma3n": Gemma3nTransformers, "music-flamingo": MusicFlamingoTransformers}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        "gemma3n": tiny_gemma3n.write(folder / "gemma3n"),
        "music-flamingo": tiny_flamingo_checkpoint.write(folder / "music-flamingo", "MusicFlamingo"),
    }


def load(kind: str, folder: Path) -> Any:
    installed: Any = SimpleNamespace(name="tiny", directory=folder)
    with naming(installed):
        return ENGINES[kind].load(installed, SETTINGS)


GEMMA, FLAMINGO = "gemma3n", "music-flamingo"
WRONG: list[tuple[str, str, str, Any]] = [
    (GEMMA, "config.json", "audio_token_id", 7),
    (GEMMA, "config.json", "audio_soft_tokens_per_image", 10**6),
    (GEMMA, "config.json", "audio_soft_tokens_per_image", -1),
    (GEMMA, "config.json", "audio_config.vocab_offset", -1),
    (GEMMA, "config.json", "audio_config.conf_num_hidden_layers", 10**12),
    (GEMMA, "config.json", "audio_config.conf_num_hidden_layers", 3),
    (GEMMA, "config.json", "audio_config.conf_attention_chunk_size", 0),
    (GEMMA, "config.json", "audio_config.conf_attention_context_left", 10**6),
    (GEMMA, "config.json", "text_config.sliding_window", 0),
    (GEMMA, "config.json", "text_config.max_position_embeddings", 3),
    (GEMMA, "preprocessor_config.json", "sampling_rate", 10**12),
    (GEMMA, "preprocessor_config.json", "mel_floor", []),
    (GEMMA, "preprocessor_config.json", "preemphasis", "x"),
    (GEMMA, "generation_config.json", "eos_token_id", -1),
    (GEMMA, "tokenizer_config.json", "tokenizer_class", None),
    (GEMMA, "tokenizer_config.json", "model_max_length", []),
    (FLAMINGO, "config.json", "text_config.num_hidden_layers", 10**12),
    (FLAMINGO, "config.json", "text_config.vocab_size", 10**9),
    (FLAMINGO, "config.json", "audio_config.num_mel_bins", 64),
    (FLAMINGO, "processor_config.json", "feature_extractor.feature_size", 7),
    (FLAMINGO, "processor_config.json", "feature_extractor.hop_length", 0),
    (FLAMINGO, "processor_config.json", "feature_extractor.chunk_length", 10**6),
]


@pytest.mark.parametrize(("kind", "file", "name", "value"), WRONG)
def test_settings_that_do_not_fit_are_refused_with_the_model_and_the_command(
    whole: dict[str, Path], tmp_path: Path, kind: str, file: str, name: str, value: Any
) -> None:
    folder = shutil.copytree(whole[kind], tmp_path / "model")
    settings = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(put(settings, tuple(name.split(".")), value)))
    with pytest.raises(AntiphonError) as caught:
        load(kind, folder)
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_UNREADABLE")
    assert caught.value.metadata["model"] == "tiny"
    assert caught.value.metadata["command"] == "antiphon models pull tiny"
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("kind", ENGINES)
def test_weights_that_are_missing_are_not_made_up(whole: dict[str, Path], tmp_path: Path, kind: str) -> None:
    folder = shutil.copytree(whole[kind], tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights[next(name for name in sorted(weights) if "layers.1." in name)]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AntiphonError, match=r"MODEL_UNREADABLE.*lack 1 "):
        load(kind, folder)


@pytest.mark.parametrize("kind", ENGINES)
def test_weights_that_are_no_numbers_are_told_when_it_is_loaded(
    whole: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    folder = shutil.copytree(whole[kind], tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    norm = next(name for name in sorted(weights) if re.search(r"language_model\.(model\.)?norm\.weight", name))
    weights[norm] = torch.full_like(weights[norm], torch.nan)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AntiphonError, match="MODEL_NOT_FINITE"):
        load(kind, folder)


def test_a_lack_of_memory_is_the_machines_where_the_weights_are_large(
    whole: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Gemma3nTransformers, "_hear", full)
    with pytest.raises(AntiphonError, match=r"MODEL_UNREADABLE.*more memory"):
        load(GEMMA, whole[GEMMA])
    monkeypatch.setattr(trial, "_ALWAYS_BYTES", 1 << 60)
    with pytest.raises(AntiphonError, match=r"^OUT_OF_MEMORY"):
        load(GEMMA, whole[GEMMA])


# Every setting in turn.


def answers(kind: str, folder: Path) -> None:
    """Holds that a model can be loaded, hears three seconds and answers."""
    model = load(kind, folder)
    noise = np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32)
    turn = Turn("", None, "", "Describe it.", Sampling(max_tokens=3), '{"type": "boolean"}')
    assert list(model.open(noise).ask(turn, lambda: None))


@pytest.mark.parametrize("kind", ENGINES)
def test_mutated_settings_serve_or_are_refused(whole: dict[str, Path], tmp_path: Path, kind: str) -> None:
    mutate(whole[kind], tmp_path / "model", 25, partial(answers, kind))


@pytest.mark.soak
@pytest.mark.parametrize("kind", ENGINES)
def test_many_mutated_settings_serve_or_are_refused(whole: dict[str, Path], tmp_path: Path, kind: str) -> None:
    mutate(whole[kind], tmp_path / "model", int(os.environ.get("SOAK_COUNT", "3000")), partial(answers, kind))
