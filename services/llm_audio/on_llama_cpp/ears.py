"""Audio into a llama.cpp context by libmtmd: PCM in, the encoder's tokens read behind the text before them.

llama-cpp-python's own chat handler takes pictures alone, and refuses a projector with an audio encoder alone.
libmtmd below it does audio; this drives it directly, from memory, without files and without addresses to open.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp import Llama, mtmd_cpp

from antiphon_wire.errors import AntiphonError, not_ready
from services.llm_audio.contract import SAMPLE_RATE, Checkpoint, context_too_long
from services.llm_audio.on_llama_cpp import loading
from services.llm_audio.on_llama_cpp.writing import Writer

MARKER = "<__media__>"
"""Stands for the audio in a rendered prompt."""


class Ears:
    """An audio encoder and its projector, loaded beside a language model.

    Args:
        path: The projector's GGUF ("mmproj").
        llama: The language model that it projects to.
        threads: Threads of the encoder.
        use_gpu: Whether the encoder runs on a GPU.

    Raises:
        AntiphonError: MMPROJ_NO_AUDIO, MODEL_UNREADABLE, OUT_OF_MEMORY.
    """

    def __init__(self, path: Path, llama: Llama, threads: int, use_gpu: bool) -> None:
        loading.route_logs()
        loading.route_encoder_logs()
        params = mtmd_cpp.mtmd_context_params_default()
        params.use_gpu, params.n_threads, params.print_timings, params.warmup = use_gpu, threads, False, False
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = mtmd_cpp.mtmd_init_from_file(str(path).encode(), llama.model, params)
        if not self._context:
            raise loading.load_failure(path, ValueError("no encoder that this build can run"), llama.n_ctx())
        # Freed with this object too: a model that makes room for another is only let go of.
        self._free = weakref.finalize(self, mtmd_cpp.mtmd_free, self._context)
        self._free.atexit = False
        rate = mtmd_cpp.mtmd_get_audio_sample_rate(self._context)
        if not mtmd_cpp.mtmd_support_audio(self._context) or rate != SAMPLE_RATE:
            self.close()
            heard = f"audio at {rate} Hz" if rate > 0 else "no audio"
            raise not_ready(
                "MMPROJ_NO_AUDIO",
                f"{path.name} encodes {heard}; give the projector of an audio model at {SAMPLE_RATE} Hz",
                file=path.name,
            )

    def close(self) -> None:
        """Frees the encoder."""
        self._free()

    def hear(self, before: str, samples: np.ndarray, llama: Llama, writer: Writer, checkpoint: Checkpoint) -> int:
        """Brings an empty context to hold the text ``before`` and the audio; returns how many tokens the audio has.

        Args:
            before: The rendered prompt up to the audio.
            samples: Mono float32 (n,) at SAMPLE_RATE.
            llama: The language model; its context is cleared.
            writer: Its writer.
            checkpoint: Called between windows, and while the language model reads them.

        Raises:
            AntiphonError: CONTEXT_TOO_LONG, AUDIO_NOT_HEARD.
            Cancelled: by the checkpoint.
        """
        llama._ctx.kv_cache_clear()
        llama.n_tokens = 0
        heard = 0
        with self._chunks(before, samples) as chunks:
            total = sum(mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk) for chunk in chunks)
            if total >= llama.n_ctx():
                raise context_too_long(total, llama.n_ctx())
            for chunk in chunks:
                checkpoint()
                if mtmd_cpp.mtmd_input_chunk_get_type(chunk) == mtmd_cpp.MTMD_INPUT_CHUNK_TYPE_AUDIO:
                    heard += mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk)
                self._read(chunk, llama, writer, checkpoint)
        return heard

    def _read(self, chunk: Any, llama: Llama, writer: Writer, checkpoint: Checkpoint) -> None:
        reached, code = llama_cpp.llama_pos(0), 0
        with writer.abortable(checkpoint):
            code = mtmd_cpp.mtmd_helper_eval_chunk_single(
                self._context,
                llama.ctx,
                chunk,
                llama_cpp.llama_pos(llama.n_tokens),
                llama_cpp.llama_seq_id(0),
                llama.n_batch,
                True,
                ctypes.byref(reached),
            )
        if code != 0:
            raise AntiphonError("INTERNAL", "AUDIO_NOT_HEARD", f"the encoder failed with code {code}", {"code": code})
        llama.n_tokens = reached.value

    @contextmanager
    def _chunks(self, before: str, samples: np.ndarray) -> Iterator[list[Any]]:
        data = np.ascontiguousarray(samples, np.float32)
        bitmap = mtmd_cpp.mtmd_bitmap_init_from_audio(data.size, data.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        chunks = mtmd_cpp.mtmd_input_chunks_init()
        try:
            text = mtmd_cpp.mtmd_input_text()
            encoded = f"{before}{MARKER}".encode()
            text.text, text.text_len = encoded, len(encoded)
            text.add_special, text.parse_special = True, True
            bitmaps = (mtmd_cpp.mtmd_bitmap_p_ctypes * 1)(bitmap)
            code = mtmd_cpp.mtmd_tokenize(self._context, chunks, ctypes.byref(text), bitmaps, 1)
            if code != 0:
                message = f"libmtmd refuses the audio with code {code}"
                raise AntiphonError("INTERNAL", "AUDIO_NOT_HEARD", message, {"code": code})
            count = mtmd_cpp.mtmd_input_chunks_size(chunks)
            yield [mtmd_cpp.mtmd_input_chunks_get(chunks, index) for index in range(count)]
        finally:
            mtmd_cpp.mtmd_input_chunks_free(chunks)
            mtmd_cpp.mtmd_bitmap_free(bitmap)
