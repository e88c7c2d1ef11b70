"""Known signals, encoded on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

Signal = np.ndarray
Encode = Callable[..., bytes]


@pytest.fixture
def clicks() -> Callable[..., Signal]:
    """Makes float32 (channels, frames): noise bursts over a tone, so that a shift by one sample shows."""

    def make(frames: int, channels: int = 1, seed: int = 1) -> Signal:
        generator = np.random.default_rng(seed)
        tone = 0.2 * np.sin(np.arange(frames) * 0.05)
        burst = np.zeros(frames)
        for start in range(frames // 8, frames, frames // 4):
            # Smoothed, so that lossy codecs keep it.
            noise = np.convolve(generator.standard_normal(frames // 16), np.ones(4) / 4, "same")
            burst[start : start + len(noise)] = 0.2 * noise[: frames - start]
        return np.stack([(tone + burst) * (1 - 0.1 * channel) for channel in range(channels)]).astype(np.float32)

    return make


class _NoSeek:
    """A target that cannot seek, as a socket."""

    def __init__(self) -> None:
        self.data = io.BytesIO()

    def write(self, data: bytes) -> int:
        return self.data.write(data)


@pytest.fixture
def encode() -> Encode:
    """Encodes float32 (channels, frames) with libav: encode(samples, muxer, codec, rate, …) -> bytes."""

    def run(
        samples: Signal,
        muxer: str,
        codec: str,
        rate: int = 44100,
        *,
        layout: str | None = None,
        muxer_options: dict[str, str] | None = None,
        codec_options: dict[str, str] | None = None,
        metadata: dict[str, str] | None = None,
        seekable: bool = True,
        picture: bool = False,
        sample_format: str | None = None,
    ) -> bytes:
        target: Any = io.BytesIO() if seekable else _NoSeek()
        layout = layout or {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(samples)]
        with av.open(target, "w", format=muxer, options=muxer_options or {}) as container:
            container.metadata.update(metadata or {})
            stream: Any = container.add_stream(codec, rate=rate, layout=layout, options=codec_options or {})
            if codec.startswith("wma"):
                stream.bit_rate = 128_000
            if sample_format is not None:
                stream.codec_context.format = sample_format
            if picture:
                _add_picture(container)
            # Interleaved: PyAV 18 cannot fill a planar frame of eight channels.
            interleaved = np.ascontiguousarray(samples.T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
            frame.sample_rate = rate
            frame.pts = 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return (target if seekable else target.data).getvalue()

    return run


def _add_picture(container: Any) -> None:
    video = container.add_stream("mpeg4", rate=25)
    video.width = video.height = 64
    video.pix_fmt = "yuv420p"
    for _ in range(5):
        container.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
    container.mux(video.encode(None))


@pytest.fixture
def spool(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes bytes to a file without an extension, as uploads are."""
    names: Iterator[int] = iter(range(1_000_000))

    def write(data: bytes) -> Path:
        path = tmp_path / f"upload{next(names)}"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def lag() -> Callable[[Signal, Signal], int]:
    """Tells by how many samples the first signal lies behind the second, by the peak of their cross-correlation."""

    def measure(found: Signal, reference: Signal) -> int:
        size = 2 ** int(np.ceil(np.log2(len(found) + len(reference))))
        spectrum = np.fft.rfft(found, size) * np.conj(np.fft.rfft(reference, size))
        peak = int(np.argmax(np.fft.irfft(spectrum)))
        return peak - size if peak > size // 2 else peak

    return measure
