"""The mel front end of the MusiCNN and Discogs-EffNet networks, in numpy and block by block.

The numbers are those of Essentia's TensorflowInputMusiCNN on frames of FrameGenerator (512 samples every 256, the first
centred on the first sample): symmetric Hann window, power spectrum, 96 triangles of Slaney's mel scale from 0 to 8 kHz
with an area of one, log10(1 + 10000 x).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

# Hz.
SAMPLE_RATE = 16000
# Samples, 32 ms and 16 ms.
FRAME = 512
HOP = 256
BANDS = 96
# The factor before the logarithm: log10(1 + 10000 x) keeps silence at 0 and what is loud on a scale of decades.
COMPRESSION = 10000

# Below 1 kHz Slaney's scale is linear, 15 mel to the kilohertz; above it is logarithmic, 27 mel to a factor of 6.4.
_KNEE_HZ, _KNEE_MEL, _MEL_STEP = 1000.0, 15.0, np.log(6.4) / 27


def log_mel(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields the log-mel frames of mono audio as they can be computed, float32 (frames, BANDS).

    Over all blocks together that is ceil((samples + 256) / 256) frames; none for no samples.

    Args:
        blocks: float32 (samples,) at SAMPLE_RATE, full scale 1.
    """
    kept = np.zeros(FRAME // 2, np.float32)
    samples = 0
    for block in blocks:
        samples += len(block)
        kept = np.concatenate([kept, block])
        count = (len(kept) - FRAME) // HOP + 1
        if count > 0:
            yield _frames(kept, count)
            kept = kept[count * HOP :]
    if samples:
        # What is left begins at the next frame's start; frames go on until one would start at the end or beyond.
        count = -(-len(kept) // HOP)
        padded = np.zeros((count - 1) * HOP + FRAME if count else 0, np.float32)
        padded[: len(kept)] = kept[: len(padded)]
        if count:
            yield _frames(padded, count)


def _frames(samples: np.ndarray, count: int) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP][:count]
    spectrum = np.fft.rfft(frames * _WINDOW, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(np.log10(1 + COMPRESSION * (power @ _TRIANGLES)), np.float32)


def _triangles() -> np.ndarray:
    top_mel = _KNEE_MEL + np.log(SAMPLE_RATE / 2 / _KNEE_HZ) / _MEL_STEP
    mel = np.linspace(0, top_mel, BANDS + 2)
    edges = np.where(mel < _KNEE_MEL, mel / _KNEE_MEL, np.exp((mel - _KNEE_MEL) * _MEL_STEP)) * _KNEE_HZ
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    bins = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)[:, None]
    # Each triangle rises to its middle and falls from there; divided by half its width it has an area of one.
    slopes = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return (np.maximum(slopes, 0) * 2 / (high - low)).astype(np.float32)


_WINDOW = np.hanning(FRAME).astype(np.float32)
_TRIANGLES = _triangles()
