"""Loads a GGUF language model by llama-cpp-python, with every parameter named and its errors typed."""

from __future__ import annotations

import collections
import ctypes
import importlib.metadata
import logging
import struct
from pathlib import Path
from typing import Any

import llama_cpp
from llama_cpp import Llama

from antiphon_wire.errors import AntiphonError, not_ready
from services.llm_audio.interview.steering import steers
from services.llm_audio.settings import LlmAudioSettings

log = logging.getLogger("antiphon.llama")
_HEAD_BYTES = 65_536
_LINE_BYTES = 400
_LEVELS = {2: logging.DEBUG, 3: logging.WARNING}
_said: collections.deque[str] = collections.deque(maxlen=40)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _hear(level: int, text: bytes, _: object) -> None:
    # No more is read than is kept: a file or a grammar may be spelled out in one line.
    line = " ".join((text or b"")[:_LINE_BYTES].decode("utf-8", "replace").split())
    if line:
        _said.append(line)
        log.log(_LEVELS.get(level, logging.DEBUG), "%s", line)


def route_logs() -> None:
    """Sends what llama.cpp says to our log, and keeps the last lines for error messages.

    Its own way with ``verbose=False`` is to point the standard streams of the whole process elsewhere while it loads.
    """
    llama_cpp.llama_log_set(_hear, ctypes.c_void_p(0))


def route_encoder_logs() -> None:
    """Sends what libmtmd says there too; it has a log of its own, and writes to the standard error without one."""
    from llama_cpp import mtmd_cpp

    mtmd_cpp.mtmd_log_set(_hear, None)
    mtmd_cpp.mtmd_helper_log_set(_hear, None)


def library_versions() -> dict[str, str]:
    """Versions that can change the text, by distribution name."""
    return {"llama-cpp-python": importlib.metadata.version("llama-cpp-python")}


def gpu_layers(settings: LlmAudioSettings) -> int:
    """Layers that go to the GPU: what is set where there is one, 0 on a CPU.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE where a GPU was asked for and this build of llama.cpp has none.
    """
    has_gpu = bool(llama_cpp.llama_supports_gpu_offload())
    if settings.device == "cuda" and not has_gpu:
        raise not_ready(
            "DEVICE_NOT_AVAILABLE",
            "LLM_AUDIO_DEVICE is cuda, but llama.cpp was built without a GPU backend or finds no GPU; see "
            "LLAMA_CMAKE_ARGS in the Makefile",
            device="cuda",
        )
    return settings.gpu_layers if has_gpu and settings.device != "cpu" else 0


def architecture(path: Path) -> str:
    """Tells what kind of model a GGUF holds, such as ``qwen2``; empty where it does not say so near its beginning."""
    key = b"general.architecture"
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    at = head.find(key) + len(key)
    if at < len(key):
        return ""
    # A type, which is that of a text, then its length, then itself.
    (length,) = struct.unpack_from("<Q", head, at + 4)
    return head[at + 12 : at + 12 + length].decode("utf-8", "replace")


def load(path: Path, settings: LlmAudioSettings, context_tokens: int) -> Llama:
    """Loads a model and makes its context.

    Args:
        path: The GGUF.
        settings: Threads, batch, device.
        context_tokens: Tokens that prompt and answer may have together.

    Raises:
        AntiphonError: MODEL_UNREADABLE, OUT_OF_MEMORY, DEVICE_NOT_AVAILABLE.
    """
    route_logs()
    _said.clear()
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise not_ready("MODEL_UNREADABLE", f"{path.name} is no GGUF file", file=path.name)
    try:
        return Llama(
            str(path),
            n_gpu_layers=gpu_layers(settings),
            n_ctx=context_tokens,
            n_batch=settings.batch_tokens,
            n_ubatch=settings.batch_tokens,
            n_threads=settings.thread_count,
            n_threads_batch=settings.thread_count,
            verbose=False,
        )
    except (ValueError, RuntimeError, MemoryError) as error:
        raise load_failure(path, error, context_tokens) from error


def load_failure(path: Path, error: Exception, context_tokens: int) -> AntiphonError:
    """Makes the error for a model that could not be loaded, by what llama.cpp said last."""
    said = "; ".join(_said)
    if isinstance(error, MemoryError) or any(word in said.lower() for word in ("allocat", "memory", "mmap failed")):
        return AntiphonError(
            "RESOURCE_EXHAUSTED",
            "OUT_OF_MEMORY",
            f"there is not enough memory for {path.name} with a context of {context_tokens} tokens; use a smaller "
            "quantisation, or lower LLM_AUDIO_CONTEXT_TOKENS",
            {"file": path.name, "context_tokens": context_tokens, "said": said[-300:]},
        )
    message = f"llama.cpp cannot load {path.name}: {said[-200:] or error}"
    return not_ready("MODEL_UNREADABLE", message, file=path.name)


def describe(llama: Llama) -> str:
    """Names the number format of the weights, such as ``Q4_1``."""
    buffer = ctypes.create_string_buffer(256)
    llama_cpp.llama_model_desc(llama._model.model, buffer, len(buffer))
    # Such as "llama 135M Q4_1"; what llama.cpp only guessed from the tensors is in brackets.
    words = buffer.value.decode("utf-8", "replace").replace("(guessed)", "").split()
    return words[-1] if words else "unknown"


def control_tokens(llama: Llama) -> list[str]:
    """Texts of the tokens that steer the model, such as ``<|im_end|>``, longest first."""
    vocab, control = llama._model.vocab, llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
    marks = llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
    found = []
    for token in range(llama.n_vocab()):
        attributes = llama_cpp.llama_vocab_get_attr(vocab, token)
        if attributes & (control | marks):
            text: Any = llama_cpp.llama_vocab_get_text(vocab, token)
            plain = text.decode("utf-8", "replace") if text else ""
            # User-defined tokens are often runs of spaces or plain words, which steer nothing.
            if plain.strip() and (attributes & control or steers(plain)):
                found.append(plain)
    return sorted(found, key=len, reverse=True)
