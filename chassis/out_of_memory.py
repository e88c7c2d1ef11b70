"""Whether an error says that memory ran out, in the words of the libraries that compute; none of them is imported."""

from __future__ import annotations

import sys

from antiphon_wire.errors import WORKER_OUT_OF_MEMORY, AntiphonError

_REASONS = ("OUT_OF_MEMORY", WORKER_OUT_OF_MEMORY, "DEVICE_OUT_OF_MEMORY")
_SAID = (
    # torch, of the machine's: DefaultCPUAllocator, and mappings of files.
    *("can't allocate memory", "cannot allocate memory", "not enough memory: you tried to allocate"),
    # CUDA's and ROCm's, in torch, CTranslate2 and ONNX Runtime.
    *("error: out of memory", "failed with error out of memory", "cuda out of memory", "hip out of memory"),
    *("cublas_status_alloc_failed", "cudnn_status_alloc_failed", "hipblas_status_alloc_failed"),
    # ONNX Runtime's arena, TensorFlow's allocator, and C++'s own.
    *("failed to allocate memory", "oom when allocating", "std::bad_alloc"),
)
_ABOUT_VALUES = (ValueError, TypeError, LookupError, AttributeError, ImportError)
"""Errors that quote what they were given, and never speak for an allocator."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, of the machine or of a GPU."""
    if isinstance(error, AntiphonError):
        return error.reason in _REASONS
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    if isinstance(error, _ABOUT_VALUES):
        return False
    return any(words in str(error).lower() for words in _SAID)


def out_of_memory(error: BaseException) -> AntiphonError | None:
    """What to tell the caller of an error; None where it is about something else than memory.

    A typed error that says so already is given as it is.
    """
    if not is_out_of_memory(error):
        return None
    if isinstance(error, AntiphonError):
        return error
    return AntiphonError(
        "RESOURCE_EXHAUSTED",
        WORKER_OUT_OF_MEMORY,
        "the model needs more memory than there is; ask for less at once, or for a smaller model",
    )
