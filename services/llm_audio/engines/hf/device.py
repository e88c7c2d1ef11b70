"""Chooses what torch computes on and in which numbers, and says when memory did not suffice."""

from __future__ import annotations

import gc

import torch

from chassis.errors import AntiphonError, not_ready
from services.llm_audio.settings import LlmAudioSettings

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose(settings: LlmAudioSettings) -> torch.device:
    """The device for ``LLM_AUDIO_DEVICE``; ``cuda`` is also ROCm's name in torch. Sets the number of threads too.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE where a GPU was asked for and torch sees none.
    """
    torch.set_num_threads(settings.thread_count)
    available = torch.cuda.is_available()
    if settings.device == "cuda" and not available:
        raise not_ready(
            "DEVICE_NOT_AVAILABLE",
            f"LLM_AUDIO_DEVICE is cuda, but torch {torch.__version__} sees no GPU here; install a torch build and a "
            "driver for it, or set cpu or auto",
            device="cuda",
            torch_version=torch.__version__,
        )
    return torch.device("cuda:0" if available and settings.device != "cpu" else "cpu")


def precision(settings: LlmAudioSettings, device: torch.device) -> str:
    """The number format for ``LLM_AUDIO_PRECISION``; auto is bfloat16 on a GPU and float32 on a CPU."""
    if settings.precision != "auto":
        return settings.precision
    return "bfloat16" if device.type == "cuda" else "float32"


def describe(device: torch.device) -> str:
    """Names a device for people: ``cpu``, or ``cuda:0 (NVIDIA H100)``."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


def release() -> None:
    """Gives back what a model that is no longer referred to held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def out_of_memory(error: BaseException, doing: str) -> AntiphonError | None:
    """What to tell the caller of an error; None where it is about something else than memory."""
    if not isinstance(error, (MemoryError, torch.OutOfMemoryError)) and "can't allocate memory" not in str(error):
        return None
    return AntiphonError(
        "RESOURCE_EXHAUSTED",
        "OUT_OF_MEMORY",
        f"there is not enough memory to {doing}; use a smaller model or LLM_AUDIO_PRECISION=bfloat16, or send less audio",
        {"doing": doing, "said": str(error)[:300]},
    )
