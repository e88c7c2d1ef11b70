"""Whose fault it is when a model that is loaded and tried fails: its files', or that of the machine's memory."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from antiphon_wire.errors import AntiphonError
from chassis.models.figures import weights
from chassis.models.refusal import unreadable
from chassis.models.store import InstalledModel
from chassis.out_of_memory import is_out_of_memory

if TYPE_CHECKING:
    import torch

_SAID = 300
_WEIGHTS_COPIES, _ALWAYS_BYTES = 8, 1 << 30


@contextmanager
def blaming(installed: InstalledModel, device: torch.device | None = None) -> Iterator[None]:
    """Within the block a model is loaded and tried; whatever fails there is the checkpoint's.

    A lack of memory is, where weights of its size leave more than enough; else it is raised as what it is.

    Args:
        installed: The checkpoint.
        device: What of it is tried on; None for the processor.

    Raises:
        AntiphonError: MODEL_UNREADABLE, and what within has FAILED_PRECONDITION or is a lack of memory.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            if not ought_to_fit(installed, device):
                raise
            raise unreadable(installed, "its settings ask for more memory than there is") from error
        if isinstance(error, AntiphonError):
            # What is refused as a bad request is here the checkpoint's: it was asked for next to nothing.
            if error.code not in ("INVALID_ARGUMENT", "OUT_OF_RANGE"):
                raise
            raise unreadable(installed, error.message) from error
        said = f"{type(error).__name__}: {error}"[:_SAID]
        raise unreadable(installed, f"its files do not fit each other ({said})") from error


def ought_to_fit(installed: InstalledModel, device: torch.device | None) -> bool:
    """Whether weights of this size cannot be what used the memory up: then its settings ask for too much."""
    if device is not None and device.type == "cuda":
        room = sys.modules["torch"].cuda.get_device_properties(device).total_memory
    else:
        limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
        room = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        room = room if limit == resource.RLIM_INFINITY else min(room, limit)
    needed = sum(path.stat().st_size for path in weights(installed)) * _WEIGHTS_COPIES + _ALWAYS_BYTES
    return bool(needed < room)
