"""The environment of a worker: what computing needs, by name; what is not listed never gets there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chassis.worker.sandbox.plan import CACHE_VARIABLES

_NAMED = (
    "PATH LANG LANGUAGE TZ PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED PYTHONWARNINGS PYTHONFAULTHANDLER "
    "PYTHONHASHSEED PYTHONMALLOC VIRTUAL_ENV LD_LIBRARY_PATH LD_PRELOAD GLIBC_TUNABLES ROCM_PATH HIP_PATH "
    "CUDA_HOME CUDA_PATH HF_HUB_OFFLINE TRANSFORMERS_OFFLINE NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES "
    "NVIDIA_TF32_OVERRIDE TF_CPP_MIN_LOG_LEVEL TF_ENABLE_ONEDNN_OPTS TF_NUM_INTRAOP_THREADS "
    "TF_NUM_INTEROP_THREADS CC CXX"
)
NAMES = frozenset((*_NAMED.split(), *CACHE_VARIABLES))
"""Variables that a worker is given as they are."""

_BEGINNINGS = (
    "LC_ MALLOC_ OMP_ KMP_ GOMP_ MKL_ OPENBLAS_ GOTO_ BLIS_ NUMEXPR_ NUMBA_ TBB_ ONEDNN_ DNNL_ CT2_ GGML_ "
    "PYTORCH_ TORCH_ TORCHINDUCTOR_ TRITON_ FLASH_ATTENTION_ CUDA_ CUBLAS_ CUDNN_ HIP_ HSA_ ROCR_ ROCBLAS_ "
    "HIPBLASLT_ MIOPEN_ AMD_ GPU_"
)
PREFIXES = tuple(_BEGINNINGS.split())
"""Beginnings of further ones: threads, devices and kernels of the libraries that compute."""

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH")


def environment(given: Mapping[str, str], scratch: str) -> dict[str, str]:
    """Gives the variables of a worker.

    Args:
        given: The service's.
        scratch: Folder of the worker, which takes the place of its home and of the system's temporary folder.
    """
    kept = {name: value for name, value in given.items() if _is_needed(name)}
    return {**kept, "HOME": scratch, "TMPDIR": scratch}


def _is_needed(name: str) -> bool:
    # A name that sounds like a secret is one, whoever else's beginning it has.
    return name in NAMES or (name.startswith(PREFIXES) and not _SECRET.search(name.upper()))
