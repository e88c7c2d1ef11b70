"""A tenth of a second of sound in every container that is read, made at run time."""

from __future__ import annotations

import functools
import io
from typing import Any

import av
import numpy as np

_RATE = 48_000
_FORMS = {
    "wav": "pcm_s16le",
    "aiff": "pcm_s16be",
    "flac": "flac",
    "mp3": "mp3",
    "adts": "aac",
    "ipod": "aac",
    "mov": "pcm_s16le",
    "ogg": "libopus",
    "webm": "libopus",
    "w64": "pcm_s24le",
    "au": "pcm_s16be",
    "caf": "alac",
    "ac3": "ac3",
    "mpegts": "aac",
    "asf": "wmav2",
    "tta": "tta",
    "wv": "wavpack",
}


@functools.cache
def recordings() -> tuple[bytes, ...]:
    """One file for each container."""
    return tuple(_encoded(container, codec) for container, codec in _FORMS.items())


def _encoded(container: str, codec: str) -> bytes:
    wave = np.tile((0.3 * np.sin(np.arange(_RATE // 10) * 0.05)).astype(np.float32), (2, 1))
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options={"fflags": "bitexact"}) as file:  # no random serial numbers
        stream: Any = file.add_stream(codec, rate=_RATE, layout="stereo")
        if codec == "wmav2":
            stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="stereo")
        frame.sample_rate = _RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return buffer.getvalue()
