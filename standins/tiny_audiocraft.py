"""Tiny random models of audiocraft's own classes, pickled as released ones are, and converted for the engine.

Imported in the environment of the engine audiocraft alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from chassis.models import Manifest, Store
from services.generation.engines.audiocraft.library import bring_in

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
CHROMA = {
    "model": "chroma_stem",
    "chroma_stem": {"sample_rate": 32_000, "n_chroma": 12, "radix2_exp": 14, "argmax": True, "eval_wavs": None},
}
T5 = {"model": "t5", "t5": {"name": "t5-base", "finetune": False, "word_dropout": 0.0, "normalize_text": False}}
SEGMENT = 4
"""Seconds that a MAGNeT fills at once."""


def configs(kind: str) -> dict[str, Any]:
    """Gives the configurations of codec and language model, in the form that released checkpoints carry."""
    rate = 16_000 if kind == "audiogen" else 32_000
    magnet = kind == "magnet"
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
    language: dict[str, Any] = {
        "lm_model": "transformer_lm_magnet" if magnet else "transformer_lm",
        "transformer_lm": {
            "n_q": 4,
            "card": CARD,
            "dim": 32,
            "num_heads": 4,
            "num_layers": 2,
            "custom": False,
            "causal": not magnet,
            "memory_efficient": True,  # as all released ones have it
            **({"subcodes_context": 5} if magnet else {}),
        },
        "codebooks_pattern": (
            {"modeling": "parallel"} if magnet else {"modeling": "delay", "delay": {"delays": [0, 1, 2, 3]}}
        ),
        "masking": {"span_len": 3},
        "attribute_dropout": {},
        "classifier_free_guidance": {"training_dropout": 0.0, "inference_coef": 3.0},
        "fuser": {"cross": ["description"], "prepend": [], "sum": [], "input_interpolate": []},
        "conditioners": {"description": {"model": "lut", "lut": {"n_bins": 128, "dim": 32, "tokenizer": "noop"}}},
        "dataset": {"segment_duration": SEGMENT if magnet else 30},
        "device": "cpu",
        "dtype": "float32",
    }
    return {"compression": codec, "lm": language}


def text_encoder(folder: Path) -> None:
    """Writes a tiny T5 with a tokenizer, in the format of transformers."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    words = ["<pad>", "</s>", "<unk>", "▁", "▁warm", "▁piano", "▁calm", "▁guitar"]
    made = Tokenizer(models.Unigram([(word, -1.0) for word in words], unk_id=2))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    fast.save_pretrained(folder)
    shape = T5Config(vocab_size=len(words), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    T5EncoderModel(shape).save_pretrained(folder)


def release(kind: str, folder: Path, parts: tuple[str, ...] = (), **conditioners: Any) -> None:
    """Writes a model of ``kind`` as audiocraft's own export does: pickled weights, configurations as YAML.

    ``parts`` may name ``t5``, the text encoder beside it, and ``diffusion``, multi-band diffusion of two bands.
    """
    from omegaconf import OmegaConf

    from services.generation.engines.audiocraft.loading import built, language_model

    builders = bring_in().builders
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    found = configs(kind)
    found["lm"]["conditioners"].update(conditioners)
    for name in conditioners:
        if name != "description":
            found["lm"]["fuser"]["prepend"].append(name)
    text_encoder(folder / "t5")
    config = OmegaConf.to_container(OmegaConf.create(found["lm"]))
    config["transformer_lm"].update(memory_efficient=False, custom=True)
    if kind == "magnet":
        config["transformer_lm"].update(compression_model_framerate=50, segment_duration=SEGMENT, span_len=3)
    for each in config["conditioners"].values():
        if each["model"] == "t5":
            each["t5"]["name"] = str(folder / "t5")
    language = language_model(builders, config, torch.device("cpu"))
    for parameter in language.parameters():
        parameter.data.mul_(3)  # else it is deaf to its prompt
    codec = built(builders.get_compression_model, dict(found["compression"]), torch.device("cpu"))
    for layer in codec.quantizer.vq.layers:
        layer._codebook.embed.normal_()
    for part, name, file in ((language, "lm", "state_dict.bin"), (codec, "compression", "compression_state_dict.bin")):
        yaml = OmegaConf.to_yaml(OmegaConf.create(found[name]))
        torch.save({"best_state": part.state_dict(), "xp.cfg": yaml, "version": "1.3.0"}, folder / file)
    if "diffusion" in parts:
        diffusion(builders, folder / "diffusion.th")
    if "t5" not in parts:
        for path in (folder / "t5").iterdir():
            path.unlink()
        (folder / "t5").rmdir()


def diffusion(builders: Any, path: Path) -> None:
    """Writes multi-band diffusion as ``load_diffusion_models`` reads it: each band a network and a processor."""
    from omegaconf import OmegaConf

    config = OmegaConf.create(
        {
            "channels": 1,
            "diffusion_unet": {"hidden": 4, "depth": 2, "growth": 1.0, "res_blocks": 1, "codec_dim": 16},
            "schedule": {"num_steps": 1000, "beta_t0": 1e-4, "beta_t1": 0.02, "variance": "beta", "clip": 5.0},
            "processor": {"name": "multi_band_processor", "use": True, "n_bands": 4, "num_samples": 10},
        }
    )
    package: dict[Any, Any] = {"sample_rate": 32_000, "n_bands": 2}
    for band in range(2):
        processor = builders.get_processor(config.processor, 32_000)
        processor.project_sample(torch.randn(10, 1, 3200))
        network = builders.get_diffusion_model(config)
        package[band] = {
            "cfg": config,
            "model_state": network.state_dict(),
            "processor_state": processor.state_dict(),
        }
    torch.save(package, path)


def files(folder: Path, name: str, kind: str, **options: Any) -> dict[str, bytes]:
    """Writes a model as :func:`release` does and converts it; returns the converted files by name.

    The pickles are in ``released/<name>`` of ``folder``, what they become in ``checkpoints/<name>``.
    """
    from services.generation import conversion

    made = folder / "checkpoints" / name
    release(kind, folder / "released" / name, **options)
    conversion.audiocraft(folder / "released" / name, made, kind)
    paths = sorted(path for path in made.rglob("*") if path.is_file())
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in paths}


def store(folder: Path, kinds: dict[str, dict[str, Any]]) -> Store:
    """Makes a store with a model for each name: what :func:`files` takes."""
    rows, contents = [], {}
    for name, options in kinds.items():
        rows.append(
            f'[[models]]\nname = "{name}"\nengine = "audiocraft"\ndefault = false\nstarter = false\n'
            'revision = "seeded"\nlicense_spdx = "CC0-1.0"\ncommercial_use = true\n'
        )
        for file, data in files(folder, name, **options).items():
            sha256 = hashlib.sha256(data).hexdigest()
            contents[sha256] = data
            rows.append(
                f'[[models.files]]\nname = "{file}"\nsize = {len(data)}\nsha256 = "{sha256}"\n'
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
