"""What torch computes on, and what is said when memory does not suffice."""

from __future__ import annotations

import torch

from antiphon_wire.errors import AntiphonError
from chassis import torch_device
from chassis.out_of_memory import is_out_of_memory
from services.llm_audio.settings import LlmAudioSettings


def choose(settings: LlmAudioSettings) -> torch.device:
    """Picks the device for ``LLM_AUDIO_DEVICE``; sets the number of torch's threads too.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE.
    """
    torch.set_num_threads(settings.thread_count)
    return torch_device.choose(settings.device, "LLM_AUDIO_DEVICE")


def out_of_memory(error: BaseException, doing: str) -> AntiphonError | None:
    """Makes the error to tell the caller of an error; None where it is about something else than memory."""
    if isinstance(error, AntiphonError) or not is_out_of_memory(error):
        return None
    return AntiphonError(
        "RESOURCE_EXHAUSTED",
        "OUT_OF_MEMORY",
        f"there is not enough memory to {doing}; use a smaller model or LLM_AUDIO_PRECISION=bfloat16, or less audio",
        {"doing": doing, "said": str(error)[:300]},
    )
