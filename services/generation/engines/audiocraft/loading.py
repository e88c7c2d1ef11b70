"""Loads models of audiocraft from files alone: safetensors and JSON, never a pickle, never a hub.

A model is ``model.json`` (``{"kind": "musicgen"}``, ``"audiogen"`` or ``"magnet"``), and ``lm`` and ``compression``,
each as ``.json``, the checkpoint's configuration, and ``.safetensors``, its weights: what the released pickles hold
(:mod:`services.generation.conversion` writes them). ``t5/`` holds the text encoder that released models name, and
``diffusion.json`` with ``diffusion.safetensors`` multi-band diffusion, which then takes the codec's place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models.figures import check_figures
from services.generation.engines.audiocraft.library import AbsentLibraryError, bring_in

if TYPE_CHECKING:
    from chassis.models import InstalledModel

_SIZES = {
    "lm.json": ("transformer_lm", "codebooks_pattern", "conditioners", "fuser", "masking"),
    "compression.json": ("encodec", "seanet", "rvq"),
}
"""Where sizes of the weights stand in each configuration; what a model was trained with stands beside them."""
_NO_SIZES = ("sample_rate", "samplerate", "duration")
_LEAST = 4096
"""No released model has more of anything than its weights, but for those."""

_MODELS = bring_in()
"""audiocraft's module of models; where audiocraft is missing, the import of the engine says so."""

TEXT_ENCODER = "t5"
"""Folder of a model that holds its text encoder, in the format of transformers."""


def load(model: InstalledModel, device: torch.device) -> tuple[str, Any, Any]:
    """Gives the kind of the model, the library's own object of it, and its multi-band diffusion or None.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``MODEL_UNREADABLE``.
    """
    for file, parts in _SIZES.items():
        check_figures(model, (file,), _NO_SIZES, _LEAST, parts)
    kinds = {"musicgen": _MODELS.MusicGen, "audiogen": _MODELS.AudioGen, "magnet": _MODELS.MAGNeT}
    try:
        kind = _json(model.directory / "model.json")["kind"]
        if kind not in kinds:
            raise _unreadable(model, f"its model.json is of kind {kind!r}; wanted {' or '.join(kinds)}")
        builders = _MODELS.builders
        codec = _weighed(_codec(builders, model.directory / "compression.json", device), model.directory, "compression")
        config = _language_config(model, kind, codec)
        language = _weighed(language_model(builders, config, device), model.directory, "lm")
        segment = language.cfg.dataset.segment_duration
        made = kinds[kind](name=model.name, compression_model=codec, lm=language, max_duration=segment)
        return kind, made, _diffusion(model.directory, made.compression_model, device)
    except (
        *(OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError, RuntimeError),
        *(SafetensorError, AbsentLibraryError),
    ) as error:
        raise _unreadable(model, str(error) or type(error).__name__) from error


def _codec(builders: Any, path: Path, device: torch.device) -> Any:
    return built(builders.get_compression_model, _json(path), device)


def _language_config(model: InstalledModel, kind: str, codec: Any) -> dict[str, Any]:
    """The configuration as its loader would change it; what it would fetch from a hub is taken from the model."""
    config: dict[str, Any] = _json(model.directory / "lm.json")
    network = config["transformer_lm"]
    # Attention by einsum, not by xformers, nor by the backend that stumbles over prompts: the same sums and names.
    # MAGNeT's masks are for the first of these alone.
    if network.get("memory_efficient") or kind == "magnet":
        network.update(memory_efficient=False, custom=True)
    if kind == "magnet":
        network.update(
            causal=False,  # it looks both ways, and fails in the middle of a piece where it is told otherwise
            compression_model_framerate=int(codec.frame_rate),
            segment_duration=config["dataset"]["segment_duration"],
            span_len=config["masking"]["span_len"],
        )
    conditioners = config.get("conditioners") or {}
    for key in ("merge_text_conditions_p", "drop_desc_p"):
        conditioners.get("args", {}).pop(key, None)
    for name, conditioner in conditioners.items():
        if conditioner.get("model") == "t5":
            own = model.directory / TEXT_ENCODER
            if not (own / "config.json").is_file():
                which = conditioner["t5"].get("name", "t5")
                raise _unreadable(
                    model,
                    f"it hears {name} through {which}, which is no part of it and would be fetched from a hub; "
                    f"add that encoder's files to it as {TEXT_ENCODER}/config.json and so on",
                )
            conditioner["t5"]["name"] = str(own)
        elif conditioner.get("model") == "clap":
            raise _unreadable(model, f"it hears {name} through CLAP, which is no part of it and would be fetched")
    return config


def language_model(builders: Any, config: dict[str, Any], device: torch.device) -> Any:
    """Builds the language model of a configuration that names no hub, with random weights."""
    from audiocraft.modules.conditioners import T5Conditioner

    from services.generation.engines.audiocraft.melody import ChromaConditioner

    # The library separates a clip by Demucs, from a hub, and needs torchaudio for the chroma; here a clip, or a stem of
    # one that was separated before, is taken as it is.
    builders.ChromaStemConditioner = ChromaConditioner
    for conditioner in (config.get("conditioners") or {}).values():
        if conditioner.get("model") == "t5" and (path := conditioner["t5"]["name"]) not in T5Conditioner.MODELS:
            T5Conditioner.MODELS.append(path)
            T5Conditioner.MODELS_DIMS[path] = _json(Path(path) / "config.json")["d_model"]
    language = built(builders.get_lm_model, config, device)
    if config["lm_model"] == "transformer_lm_magnet":
        # Masks are padded for xformers, which cuts them to the codes: whole spans, by the library's _generate_stage.
        network = config["transformer_lm"]
        length = int(network["compression_model_framerate"] * network["segment_duration"])
        length -= length % network["span_len"]
        language.attn_mask_per_stage = [
            None if mask is None else mask[..., :length, :length] for mask in language.attn_mask_per_stage
        ]
    return language


def built(build: Callable[[Any], Any], config: dict[str, Any], device: torch.device) -> Any:
    """Builds a part of a model by one of the library's builders, with random weights, and keeps its configuration."""
    from omegaconf import OmegaConf

    made = OmegaConf.create(config)
    made.device = str(device)
    made.dtype = "float32" if device.type == "cpu" else "float16"
    part = build(made)
    part.cfg = made
    return part


def _weighed(part: Any, folder: Path, name: str) -> Any:
    part.load_state_dict(load_file(folder / f"{name}.safetensors"))
    return part.eval().requires_grad_(False)


def _diffusion(folder: Path, codec: Any, device: torch.device) -> Any:
    """Multi-band diffusion, as ``MultiBandDiffusion.get_mbd_musicgen`` puts it together; None where there is none."""
    if not (folder / "diffusion.json").is_file():
        return None
    from audiocraft.models.multibanddiffusion import DiffusionProcess
    from audiocraft.modules.diffusion_schedule import NoiseSchedule
    from omegaconf import OmegaConf

    description = _json(folder / "diffusion.json")
    weights = load_file(folder / "diffusion.safetensors")
    processes = []
    for index, settings in enumerate(description["bands"]):
        config = OmegaConf.create(settings)
        network = _MODELS.builders.get_diffusion_model(config)
        processor = _MODELS.builders.get_processor(config.processor, description["sample_rate"])
        for part, name in ((network, "model"), (processor, "processor")):
            start = f"{index}.{name}."
            part.load_state_dict({key[len(start) :]: each for key, each in weights.items() if key.startswith(start)})
            part.to(device).eval().requires_grad_(False)
        schedule = NoiseSchedule(**config.schedule, sample_processor=processor, device=device)
        processes.append(DiffusionProcess(network, schedule))
    return _MODELS.MultiBandDiffusion(processes, codec)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _unreadable(model: InstalledModel, problem: str) -> AntiphonError:
    return not_ready(
        "MODEL_UNREADABLE", f"model {model.name} cannot be used: {problem}", model=model.name, problem=problem
    )
