"""Loads a checkpoint from files alone: safetensors, configs, tokenizer; never a pickle, a hub, or a model's code."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Collection
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoTokenizer

from antiphon_wire.errors import not_ready
from chassis import torch_device
from chassis.models import InstalledModel
from chassis.models.refusal import unreadable
from services.llm_audio.on_transformers import device as devices
from services.llm_audio.settings import LlmAudioSettings

_LIBRARIES = ("llguidance", "numpy", "safetensors", "tokenizers", "torch", "transformers")


def architecture(installed: InstalledModel, allowed: Collection[str]) -> str:
    """Reads the architecture that the checkpoint's config.json names first.

    Raises:
        AntiphonError: MODEL_UNREADABLE where there is none, or it is not among ``allowed``.
    """
    try:
        config = json.loads((installed.directory / "config.json").read_text(encoding="utf-8"))
        name = config["architectures"][0]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise unreadable(installed, f"its config.json names no architecture ({error!r})") from error
    if name not in allowed:
        raise unreadable(installed, f"its architecture is {name}; this engine runs {' and '.join(allowed)}")
    return str(name)


def load(installed: InstalledModel, settings: LlmAudioSettings, network_class: Any) -> Any:
    """Loads the network, ready for inference, onto its device.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE, MODEL_UNREADABLE, OUT_OF_MEMORY, ATTENTION_NOT_AVAILABLE.
    """
    device = devices.choose(settings)
    try:
        network, told_of = network_class.from_pretrained(
            installed.directory,
            dtype=torch_device.PRECISIONS[torch_device.precision(settings.precision, device)],
            attn_implementation=settings.attention,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
        if missing := sorted(told_of["missing_keys"]):
            # The library makes them up and goes on with a warning.
            raise unreadable(
                installed, f"its weights lack {len(missing)} that its config.json wants, first {missing[0]}"
            )
        return network.eval().requires_grad_(False).to(device)
    except ImportError as error:
        message = f"LLM_AUDIO_ATTENTION is {settings.attention}, which cannot be had here: {error}"
        raise not_ready("ATTENTION_NOT_AVAILABLE", message, attention=settings.attention) from error
    except (OSError, ValueError, KeyError, RuntimeError, MemoryError, SafetensorError) as error:
        if (told := devices.out_of_memory(error, f"load {installed.name}")) is not None:
            raise told from error
        raise unreadable(installed, str(error)) from error


def tokenizer(installed: InstalledModel) -> Any:
    """Loads the checkpoint's tokenizer.

    Raises:
        AntiphonError: MODEL_UNREADABLE, NO_CHAT_TEMPLATE.
    """
    try:
        found = AutoTokenizer.from_pretrained(installed.directory, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise unreadable(installed, str(error)) from error
    if not isinstance(found.chat_template, str):
        raise not_ready(
            "NO_CHAT_TEMPLATE",
            f"{installed.name} has no chat template, so it was not trained to answer; use an instruct model",
            model=installed.name,
        )
    return found


def versions() -> dict[str, str]:
    """Versions that can change the text, by distribution name."""
    found = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    # With the build, such as 2.13.0+rocm7.2; a plain text, for its own class would not pass the worker's wire.
    return {**found, "torch": str(torch.__version__)}
