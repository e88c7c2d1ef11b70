"""Loads a MusicGen checkpoint from files alone: safetensors, configs, tokenizer; never a pickle, never a hub."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch.nn.utils import parametrize
from transformers import AutoTokenizer, MusicgenForConditionalGeneration, MusicgenMelodyForConditionalGeneration

from antiphon_wire.errors import AntiphonError, not_ready
from chassis import torch_device as devices
from services.generation.engines.musicgen.codec_stream import StreamingDecoder

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.generation.settings import GenerationSettings

_CLASSES = {"musicgen": MusicgenForConditionalGeneration, "musicgen_melody": MusicgenMelodyForConditionalGeneration}


def load(model: InstalledModel, settings: GenerationSettings) -> tuple[Any, Any]:
    """Gives the network, ready for inference, and its tokenizer.

    Raises:
        AntiphonError: FAILED_PRECONDITION; ``DEVICE_NOT_AVAILABLE``, ``MODEL_UNREADABLE``.
    """
    device = devices.choose(settings.device, "GENERATION_DEVICE")
    precision = devices.PRECISIONS[devices.precision(settings.precision, device)]
    try:
        kind = json.loads((model.directory / "config.json").read_text(encoding="utf-8")).get("model_type")
        if kind not in _CLASSES:
            raise _unreadable(model, f"its config.json is of model type {kind!r}; wanted {' or '.join(_CLASSES)}")
        network = _CLASSES[kind].from_pretrained(
            model.directory, local_files_only=True, use_safetensors=True, dtype=precision
        )
        tokenizer = AutoTokenizer.from_pretrained(model.directory, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        if (told := devices.out_of_memory(error)) is not None:
            raise told from error
        raise _unreadable(model, str(error)) from error
    if network.generation_config.decoder_start_token_id is None:
        raise _unreadable(model, "its generation_config.json names no token that the decoder starts with")
    _check_tokens(model, network, tokenizer)
    _check_codec(model, network)
    network.eval().requires_grad_(False).to(device)
    # The codec stays in float32: it is a small part of the work, and its rounding would be heard.
    network.audio_encoder.float()
    for module in network.audio_encoder.modules():
        if parametrize.is_parametrized(module, "weight"):
            # Weight norm is worked out once and not at every call.
            parametrize.remove_parametrizations(module, "weight")
    network.audio_encoder.requires_grad_(False)
    return network, tokenizer


def versions() -> Mapping[str, str]:
    """Versions that can change the numbers, by distribution name."""
    return {
        "numpy": np.__version__,
        "torch": str(torch.__version__),  # a class of its own, which would not pass the worker's wire
        **{name: importlib.metadata.version(name) for name in ("safetensors", "tokenizers", "transformers")},
    }


def _check_tokens(model: InstalledModel, network: Any, tokenizer: Any) -> None:
    """Refuses what would only be found out in the middle of a call, or on a GPU would end the process."""
    start, known = network.generation_config.decoder_start_token_id, network.config.decoder.vocab_size
    # The one beyond the codes is the token that stands for none.
    if not isinstance(start, int) or not 0 <= start <= known:
        raise _unreadable(model, f"its decoder starts with the token {start!r}, which is none of its {known}")
    try:
        tokens = tokenizer(["piano", ""], padding=True, return_tensors="pt").input_ids
        largest = int(tokens.max())
    except Exception as error:  # whatever the library makes of settings that are not its own
        raise _unreadable(model, f"its tokenizer reads no text ({type(error).__name__})") from error
    if largest >= network.config.text_encoder.vocab_size:
        raise _unreadable(model, f"its tokenizer gives the token {largest}, which its text encoder lacks")


def _check_codec(model: InstalledModel, network: Any) -> None:
    config = network.config.audio_encoder
    if config.chunk_length_s is not None or config.normalize:
        raise _unreadable(
            model,
            f"its codec cuts audio into chunks of {config.chunk_length_s} s or normalises ({config.normalize}); "
            "MusicGen's does neither",
        )
    try:
        StreamingDecoder(network.audio_encoder)
    except ValueError as error:
        raise _unreadable(model, str(error)) from error


def _unreadable(model: InstalledModel, problem: str) -> AntiphonError:
    return not_ready(
        "MODEL_UNREADABLE", f"model {model.name} cannot be used: {problem}", model=model.name, problem=problem
    )
