"""What AMD's libraries are told by the environment of a worker, before torch is imported there.

They read it once, when they are loaded, so this is the one place for it. What the person who starts a service has set
goes before all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DRIVER = Path("/dev/kfd")
"""There where the kernel drives an AMD GPU for computing."""

ALLOCATOR_NAMES = ("PYTORCH_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")
"""torch's allocator by its present name and two older ones; who has set one of them has decided."""

VARIABLES = {
    # Gives cached blocks back from 80 % on; expandable segments, which save more elsewhere, are not supported by HIP.
    "PYTORCH_ALLOC_CONF": "garbage_collection_threshold:0.8",
    # Of flash-attn, where it is installed, RDNA runs this backend alone.
    "FLASH_ATTENTION_TRITON_AMD_ENABLE": "TRUE",
    # Matrix products as tuned before, where PYTORCH_TUNABLEOP_FILENAME names such results; none is tuned while serving.
    "PYTORCH_TUNABLEOP_ENABLED": "1",
    "PYTORCH_TUNABLEOP_TUNING": "0",
    # Kernel arguments in the GPU's own memory: a shorter way to every launch.
    "HIP_FORCE_DEV_KERNARG": "1",
    # Convolution kernels from MIOpen's database or a quick guess; the full search takes minutes for every new shape.
    "MIOPEN_FIND_MODE": "2",
}


def variables(given: Mapping[str, str], driver: Path = DRIVER) -> dict[str, str]:
    """What is added to an environment; nothing where there is no AMD GPU.

    Args:
        given: The environment; its variables, even empty ones, are left as they are.
        driver: Device of the kernel's driver.
    """
    if not driver.exists():
        return {}
    decided = set(given)
    if decided & set(ALLOCATOR_NAMES):
        decided.update(ALLOCATOR_NAMES)
    return {name: value for name, value in VARIABLES.items() if name not in decided}
