"""Tiny random MusicGen and AudioGen of audiocraft's own classes, made by its builders from a configuration.

audiocraft's "debug" models are these classes at this size too, but their tokenizer needs spacy and an English model.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from chassis.models import Manifest, Store
from services.generation.engines.audiocraft_library import bring_in
from services.generation.settings import GenerationSettings

# 640 samples a frame at 32 kHz, as MusicGen; 640 at 16 kHz, 25 frames/s, for AudioGen.
SEANET = {
    "dimension": 16,
    "channels": 1,
    "causal": False,
    "n_filters": 4,
    "n_residual_layers": 1,
    "ratios": [8, 5, 4, 4],
    "encoder": {},
    "decoder": {},
}
CARD = 64


def configs(rate: int) -> dict[str, Any]:
    """The configurations of codec and language model, in the form that released checkpoints carry."""
    codec = {
        "compression_model": "encodec",
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": rate,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": SEANET,
        "rvq": {"n_q": 4, "bins": CARD, "kmeans_init": False},
        "device": "cpu",
    }
    language = {
        "lm_model": "transformer_lm",
        "transformer_lm": {
            "n_q": 4,
            "card": CARD,
            "dim": 32,
            "num_heads": 4,
            "num_layers": 2,
            "custom": True,
            "causal": True,
            "memory_efficient": False,
        },
        "codebooks_pattern": {"modeling": "delay", "delay": {"delays": [0, 1, 2, 3]}},
        "attribute_dropout": {},
        "classifier_free_guidance": {"training_dropout": 0.0, "inference_coef": 3.0},
        "fuser": {"cross": ["description"], "prepend": [], "sum": [], "input_interpolate": []},
        "conditioners": {"description": {"model": "lut", "lut": {"n_bins": 128, "dim": 32, "tokenizer": "noop"}}},
        "dataset": {"segment_duration": 30},
        "device": "cpu",
        "dtype": "float32",
    }
    return {"compression": codec, "lm": language}


def save(kind: str, folder: Path, **changes: Any) -> None:
    """Writes a model of ``kind`` as the engine reads it; ``changes`` go into the language model's conditioners."""
    from omegaconf import OmegaConf

    builders = bring_in().builders
    musical = kind != "audiogen"
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps({"kind": kind}))
    parts = configs(32_000 if musical else 16_000)
    build = {"compression": builders.get_compression_model, "lm": builders.get_lm_model}
    for name, config in parts.items():
        part = build[name](OmegaConf.create(config))
        if name == "lm":
            for parameter in part.parameters():
                parameter.data.mul_(3)  # else it is deaf to its prompt
        else:
            for layer in part.quantizer.vq.layers:
                layer._codebook.embed.normal_()
        save_file(
            {key: value.contiguous().clone() for key, value in part.state_dict().items()},
            folder / f"{name}.safetensors",
        )
        config["conditioners"] = {**config.get("conditioners", {}), **changes} if name == "lm" else {}
        (folder / f"{name}.json").write_text(json.dumps(config))


def store(folder: Path, kinds: dict[str, dict[str, Any]]) -> Store:
    """A store with a model for each name: its ``kind``, and changes of its conditioners."""
    rows, contents = [], {}
    for name, options in kinds.items():
        save(folder=folder / "checkpoints" / name, **options)
        rows.append(
            f'[[models]]\nname = "{name}"\nengine = "audiocraft"\ndefault = false\nstarter = false\n'
            'revision = "seeded"\nlicense_spdx = "CC0-1.0"\ncommercial_use = true\n'
        )
        for path in sorted((folder / "checkpoints" / name).iterdir()):
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            contents[sha256] = data
            rows.append(
                f'[[models.files]]\nname = "{path.name}"\nsize = {len(data)}\nsha256 = "{sha256}"\n'
                'sources = [{ kind = "https", url = "https://example.invalid/file" }]\n'
            )
    (folder / "generation").mkdir()
    (folder / "generation" / "models.toml").write_text("".join(rows))
    made = Store(folder / "store", Manifest.load(folder / "generation" / "models.toml"))
    for sha256, data in contents.items():
        blob = made.blobs.path(sha256)
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
    return made


@pytest.fixture(scope="session")
def craft_settings() -> GenerationSettings:
    """Settings of the engine audiocraft, with short windows."""
    return GenerationSettings(
        engine="audiocraft", device="cpu", default_model="music", window_seconds=4.0, context_seconds=1.5
    )


@pytest.fixture(scope="session")
def craft_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """``music``, ``effects``; ``melody`` and ``t5``, conditioned as released models are; an ``unknown`` kind."""
    chroma = {"model": "chroma_stem", "chroma_stem": {"sample_rate": 32_000, "n_chroma": 12, "radix2_exp": 14}}
    t5 = {"model": "t5", "t5": {"name": "t5-base", "finetune": False, "word_dropout": 0.0}}
    return store(
        tmp_path_factory.mktemp("models"),
        {
            "music": {"kind": "musicgen"},
            "effects": {"kind": "audiogen"},
            "melody": {"kind": "musicgen", "self_wav": chroma},
            "t5": {"kind": "musicgen", "description": t5},
            "unknown": {"kind": "magnet"},
        },
    )
