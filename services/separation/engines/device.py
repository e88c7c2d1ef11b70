"""Chooses the torch device that an engine computes on."""

from __future__ import annotations

import torch

from chassis.errors import not_ready


def choose(wanted: str) -> torch.device:
    """Picks the device for a setting of ``auto``, ``cpu`` or ``cuda`` (which is also ROCm's name in torch).

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``DEVICE_NOT_AVAILABLE``: ``cuda`` is wanted and torch sees none; a GPU that
            was asked for is never replaced silently.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise not_ready(
            "DEVICE_NOT_AVAILABLE",
            f"device cuda is asked for, but torch {torch.__version__} sees no GPU here; "
            "install a torch build and a driver for it, or set SEPARATION_DEVICE to cpu or auto",
            device=wanted,
            torch_version=torch.__version__,
        )
    return torch.device("cuda:0" if available and wanted != "cpu" else "cpu")


def describe(device: torch.device) -> str:
    """Names a device for people: ``cpu``, or ``cuda:0 (NVIDIA H100)``."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type
