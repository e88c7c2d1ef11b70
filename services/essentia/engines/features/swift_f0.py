"""Follows the pitch of one voice with SwiftF0's network (Nieradzik 2025), run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.contract import SAMPLE_RATE

# Hz, and samples of a frame (16 ms), that the network was trained at.
RATE, HOP = 16000, 256
FRAME_SECONDS = HOP / RATE
# Range of the network, Hz.
LOWEST_HZ, HIGHEST_HZ = 46.875, 2093.75
# The network calls a frame voiced from here up.
VOICED = 0.5
# A frame depends on 2815 samples to each side: 11 frames. Windows of 8 s with that much around them give what the whole
# clip at once would, and stay in the processor's cache.
MARGIN, WINDOW = 11, 500
# On digital silence every bin is at the network's floor, which it was not trained on; it then answers at random.
SILENT_PEAK = 1e-3


@dataclass(frozen=True)
class Melody:
    """A pitch every FRAME_SECONDS.

    Attributes:
        seconds: float64 (frames,), from the start of the samples.
        hz: float64 (frames,), meaningful where voiced.
        confidence: float64 (frames,), 0 to 1.
    """

    seconds: NDArray[np.float64]
    hz: NDArray[np.float64]
    confidence: NDArray[np.float64]

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """bool (frames,), where there is a pitch."""
        return self.confidence >= VOICED


class SwiftF0:
    """The network, loaded once and used for every clip.

    Args:
        path: ``model.onnx`` of the distribution swift-f0.
        threads: Threads that it may use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        # From its bytes, so that there is no folder in which it could look for weights: no file has any elsewhere.
        self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])

    def follow(
        self, mono: NDArray[np.float32], sample_rate: int = SAMPLE_RATE, checkpoint: Callable[[], None] = lambda: None
    ) -> Melody:
        """Follows the pitch of finite samples (samples,) at any rate; no frame for less than 16 ms."""
        audio = _resample(mono, sample_rate)
        frames = audio.size // HOP
        audio = audio[: frames * HOP]
        hz, confidence = np.empty(frames), np.empty(frames)
        for start in range(0, frames, WINDOW):
            checkpoint()
            end, left = min(start + WINDOW, frames), max(0, start - MARGIN)
            feed = {
                "audio": audio[None, left * HOP : (end + MARGIN) * HOP],
                "fmin": np.array(LOWEST_HZ, np.float32),
                "fmax": np.array(HIGHEST_HZ, np.float32),
            }
            found, sure = (
                each[0][start - left : end - left] for each in self._session.run(["pitch", "confidence"], feed)
            )
            hz[start:end], confidence[start:end] = found, sure
        confidence[np.abs(audio.reshape(frames, HOP)).max(1, initial=0) < SILENT_PEAK] = 0
        return Melody(np.arange(frames, dtype=np.float64) * FRAME_SECONDS, hz, confidence)


def _resample(mono: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    resampler = Resampler(sample_rate, RATE, 1)
    return np.asarray(np.concatenate((resampler.apply(mono[None]), resampler.finish()), 1)[0])
