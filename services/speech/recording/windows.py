"""Cuts a long recording into windows at quiet places, so that memory does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from services.speech.contract import SAMPLE_RATE

QUIET_SECONDS = 0.1
SEARCH_SECONDS = 30.0
MIN_SAMPLES = SAMPLE_RATE // 10
"""A tenth of a second: less cannot hold a word, and Whisper's word alignment fails on one or two frames."""


@dataclass(frozen=True)
class Window:
    """A stretch of the clip: float32 samples (n,), its first sample's place in the clip, whether that ends here."""

    samples: np.ndarray
    start: int
    last: bool

    @property
    def start_seconds(self) -> float:
        """Where it starts in the clip, in seconds."""
        return self.start / SAMPLE_RATE

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return len(self.samples) / SAMPLE_RATE


def windows(blocks: Iterable[np.ndarray], window_seconds: float) -> Iterator[Window]:
    """Yields the audio of ``blocks``, each (1, n), in windows; no sample is lost or doubled.

    No window but the last is longer than ``window_seconds``, and that one by less than 0.1 s.

    A window ends in the middle of the quietest 0.1 s of its last 30 s (or of its last half, if that is less). Where the
    cuts fall depends on the audio alone and not on the size of the blocks. Nothing is yielded for no audio.
    """
    longest = round(window_seconds * SAMPLE_RATE)
    search = min(round(SEARCH_SECONDS * SAMPLE_RATE), longest // 2)
    start = 0
    pending: list[np.ndarray] = []
    count = 0
    for block in blocks:
        pending.append(block[0])
        count += block.shape[1]
        # The extra samples see to it that what is left after a cut can hold a word.
        while count >= longest + MIN_SAMPLES:
            buffer = np.concatenate(pending)
            cut = longest - search + quietest(buffer[longest - search : longest])
            yield Window(buffer[:cut], start, last=False)
            start += cut
            pending, count = [buffer[cut:]], count - cut
    if count:
        yield Window(np.concatenate(pending), start, last=True)


def quietest(samples: np.ndarray) -> int:
    """Finds the middle of the 0.1 s of ``samples`` (n,) with the least energy, as an index; of equals the last."""
    step = SAMPLE_RATE // 100
    width = round(QUIET_SECONDS * SAMPLE_RATE) // step
    energy = _step_energy(samples, step, width)
    last_least = len(energy) - 1 - int(np.argmin(energy[::-1]))
    return (last_least + width // 2) * step


def loudest(samples: np.ndarray, seconds: float) -> np.ndarray:
    """Finds the stretch of ``samples`` (n,) of that length with the most energy, to a second; all where it is shorter.

    Of a song it is what is sung rather than the bars before, which say nothing of the language.
    """
    step = SAMPLE_RATE
    width = round(seconds * SAMPLE_RATE) // step
    if len(samples) <= width * step:
        return samples
    begin = int(np.argmax(_step_energy(samples, step, width))) * step
    return samples[begin : begin + width * step]


def _step_energy(samples: np.ndarray, step: int, width: int) -> np.ndarray:
    steps = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum((steps**2).sum(axis=1))])
    energy: np.ndarray = total[width:] - total[:-width]
    return energy
