"""Loads a MusicGen checkpoint from files alone: safetensors, configs, tokenizer; never a pickle, never a hub."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.utils import parametrize
from transformers import AutoTokenizer, MusicgenForConditionalGeneration, MusicgenMelodyForConditionalGeneration

from chassis import torch_device as devices
from chassis.models.figures import check_figures, read_settings
from chassis.models.refusal import unreadable
from chassis.models.trial import blaming
from services.generation.engines.musicgen.codec_stream import StreamingDecoder

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.generation.settings import GenerationSettings

_PARTS = ("text_encoder", "audio_encoder", "decoder")
_SETTINGS = ("config.json", "generation_config.json")
_LEAST = 4096
"""Its positions, frames of a tune and tokens are fewer, and no weights need more of anything than they have."""
_TRIAL_SAMPLES = 16_000
_CLASSES = {"musicgen": MusicgenForConditionalGeneration, "musicgen_melody": MusicgenMelodyForConditionalGeneration}


def load(model: InstalledModel, settings: GenerationSettings) -> tuple[Any, Any]:
    """Gives the network, ready for inference, and its tokenizer.

    Raises:
        AntiphonError: FAILED_PRECONDITION; ``DEVICE_NOT_AVAILABLE``, ``MODEL_UNREADABLE``.
    """
    device = devices.choose(settings.device, "GENERATION_DEVICE")
    precision = devices.PRECISIONS[devices.precision(settings.precision, device)]
    with blaming(model):
        check_figures(model, _SETTINGS, no_sizes=("max_length", "sampling_rate"), least=_LEAST)
        network, tokenizer = _from_files(model, precision)
        _check_tokens(model, network, tokenizer)
    with blaming(model, device):
        network.eval().requires_grad_(False).to(device)
        # The codec stays in float32: it is a small part of the work, and its rounding would be heard.
        network.audio_encoder.float()
        for module in network.audio_encoder.modules():
            if parametrize.is_parametrized(module, "weight"):
                # Weight norm is worked out once and not at every call.
                parametrize.remove_parametrizations(module, "weight")
        network.audio_encoder.requires_grad_(False)
        _check_codec(model, network)
    return network, tokenizer


def _from_files(model: InstalledModel, precision: torch.dtype) -> tuple[Any, Any]:
    settings = read_settings(model, "config.json")
    kind = settings.get("model_type")
    if kind not in _CLASSES:
        raise unreadable(model, f"its config.json is of model type {kind!r}; wanted {' or '.join(_CLASSES)}")
    if missing := [part for part in _PARTS if not isinstance(settings.get(part), dict)]:
        # The library would make those of the released model up, which are large.
        raise unreadable(model, f"its config.json says nothing of its {' and its '.join(missing)}")
    network, told_of = _CLASSES[kind].from_pretrained(
        model.directory, local_files_only=True, use_safetensors=True, dtype=precision, output_loading_info=True
    )
    if missing := sorted(told_of["missing_keys"]):
        # The library makes them up and goes on with a warning.
        raise unreadable(model, f"its weights lack {len(missing)} that its config.json wants, first {missing[0]}")
    return network, AutoTokenizer.from_pretrained(model.directory, local_files_only=True)


def versions() -> Mapping[str, str]:
    """Versions that can change the numbers, by distribution name."""
    return {
        "numpy": np.__version__,
        "torch": str(torch.__version__),  # a class of its own, which would not pass the worker's wire
        **{name: importlib.metadata.version(name) for name in ("safetensors", "tokenizers", "transformers")},
    }


def _check_tokens(model: InstalledModel, network: Any, tokenizer: Any) -> None:
    """Refuses what would only be found out in the middle of a call, or on a GPU would end the process."""
    if network.generation_config.decoder_start_token_id is None:
        raise unreadable(model, "its generation_config.json names no token that the decoder starts with")
    start, known = network.generation_config.decoder_start_token_id, network.config.decoder.vocab_size
    # The one beyond the codes is the token that stands for none.
    if not isinstance(start, int) or not 0 <= start <= known:
        raise unreadable(model, f"its decoder starts with the token {start!r}, which is none of its {known}")
    try:
        tokens = tokenizer(["piano", ""], padding=True, return_tensors="pt").input_ids
        largest = int(tokens.max())
    except Exception as error:  # whatever the library makes of settings that are not its own
        raise unreadable(model, f"its tokenizer reads no text ({type(error).__name__})") from error
    if largest >= network.config.text_encoder.vocab_size:
        raise unreadable(model, f"its tokenizer gives the token {largest}, which its text encoder lacks")


def _check_codec(model: InstalledModel, network: Any) -> None:
    config = network.config.audio_encoder
    if config.chunk_length_s is not None or config.normalize:
        raise unreadable(
            model,
            f"its codec cuts audio into chunks of {config.chunk_length_s} s or normalises ({config.normalize}); "
            "MusicGen's does neither",
        )
    noise = torch.randn(config.audio_channels, 1, _TRIAL_SAMPLES, device=network.audio_encoder.device) * 0.01
    with torch.inference_mode():
        codes = network.audio_encoder.encode(noise).audio_codes[0]
        StreamingDecoder(network.audio_encoder).push(codes, last=True)
