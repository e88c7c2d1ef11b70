"""Chooses what an engine that runs on torch computes on, and in which numbers.

The one module of the chassis that needs torch: for engines whose environment has it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from antiphon_wire.errors import not_ready
from chassis.out_of_memory import out_of_memory

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose(wanted: str, setting: str) -> torch.device:
    """Picks the device for a setting of ``auto``, ``cpu`` or ``cuda`` (which is also ROCm's name in torch).

    Args:
        wanted: The setting's value.
        setting: The variable it comes from, such as ``SEPARATION_DEVICE``, for messages.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``DEVICE_NOT_AVAILABLE``: ``cuda`` is wanted and torch sees none; a GPU that
            was asked for is never replaced silently.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise not_ready(
            "DEVICE_NOT_AVAILABLE",
            f"device cuda is asked for, but torch {torch.__version__} sees no GPU here; "
            f"install a torch build and a driver for it, or set {setting} to cpu or auto",
            device=wanted,
            torch_version=torch.__version__,
        )
    return torch.device("cuda:0" if available and wanted != "cpu" else "cpu")


def describe(device: torch.device) -> str:
    """Names a device for people: ``cpu``, ``cuda:0 (NVIDIA H100)``, or ``cuda:0 (AMD Instinct MI300X, gfx942)``."""
    if device.type != "cuda":
        return str(device.type)
    names = [str(torch.cuda.get_device_name(device))]
    if torch.version.hip:
        # Such as gfx942:sramecc+:xnack-; kernels are built for what stands before the first colon.
        names.append(str(torch.cuda.get_device_properties(device).gcnArchName).partition(":")[0])
    return f"{device} ({', '.join(names)})"


def precision(wanted: str, device: torch.device) -> str:
    """Picks the number format for a setting of ``auto`` or a name of ``PRECISIONS``."""
    return ("bfloat16" if device.type == "cuda" else "float32") if wanted == "auto" else wanted


@contextlib.contextmanager
def memory_told() -> Iterator[None]:
    """Within the block an error of torch about memory is raised as :func:`out_of_memory` tells it."""
    try:
        yield
    except RuntimeError as error:
        told = out_of_memory(error)
        if told is None:
            raise
        raise told from error
