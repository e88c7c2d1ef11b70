"""What a worker is to be kept in: said by the service, which knows the settings, and done by the worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MODES = ("auto", "require", "off")
"""What the system offers; not without Landlock; nothing."""

GPU_DEVICES = ("/dev/kfd", "/dev/dri", "/dev/dxg", "/dev/nvidiactl")
"""One of these is there where a driver of a GPU is."""

CACHE_VARIABLES = (
    "MIOPEN_USER_DB_PATH",
    "MIOPEN_CUSTOM_CACHE_DIR",
    "TRITON_CACHE_DIR",
    "TORCHINDUCTOR_CACHE_DIR",
    "NUMBA_CACHE_DIR",
    "CUDA_CACHE_PATH",
)
"""Variables that name folders in which compiled kernels are kept from one worker to the next."""


@dataclass(frozen=True)
class Plan:
    """What a worker may do.

    Attributes:
        mode: One of MODES.
        read: Files and folders that it may read beside the code and the system's libraries, such as the model store.
        write: Folders that it may write beside its scratch folder: caches of what it compiles.
        scratch: Folder of its own, which it may do anything in; empty where it has none.
        gpu: Whether it may use the GPUs of the machine.
        programs: Whether it may run programs: a compiler, for what is compiled at run time.
    """

    mode: str = "off"
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    scratch: str = ""
    gpu: bool = False
    programs: bool = False


def plan_for(
    mode: str,
    device: str,
    read: tuple[Path, ...],
    write: tuple[Path, ...],
    compiles: bool,
) -> Plan:
    """Plans the sandbox of a family's workers.

    Args:
        mode: One of MODES.
        device: The family's setting of where it computes.
        read: What it must read.
        write: Folders of what it compiles.
        compiles: Whether its engine is set to run a compiler. With a GPU any may: kernels are compiled for the card
            that is there.
    """
    gpu = device != "cpu" and any(Path(each).exists() for each in GPU_DEVICES)
    return Plan(
        mode=mode,
        read=tuple(str(each) for each in read),
        write=tuple(str(each) for each in write),
        gpu=gpu,
        programs=gpu or compiles,
    )
