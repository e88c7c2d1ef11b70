"""Which key music is in, by madmom's network (Korzeniowski and Widmer, ISMIR 2018): 24 probabilities for a stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.essentia.networks.listening import SpectrogramListener
from services.essentia.networks.log_spectrogram import Layout
from services.essentia.networks.pitch_order import FROM_C, NONE
from services.essentia.networks.runtime import open_session

LAYOUT = Layout(rate=44100, frame=8192, hop=8820, per_octave=24, lowest_hz=65.0, highest_hz=2100.0, unit_area=True)
"""How the network hears: five frames a second."""
ROW_FRAMES = 8
"""Frames that become one row of evidence, after three halvings."""
ROW_SECONDS = ROW_FRAMES * LAYOUT.hop / LAYOUT.rate
# A row hears 38 frames to each side; what is cut off of a longer stretch is a whole number of rows.
_MARGIN = 5 * ROW_FRAMES
_MOST_FRAMES = 64 * ROW_FRAMES


@dataclass(frozen=True)
class KeyOpinion:
    """What the network says of a stretch.

    Attributes:
        probabilities: float64 (24,), majors from C up and then minors; they sum to 1.
    """

    probabilities: NDArray[np.float64]

    @property
    def best(self) -> int:
        """The likeliest: 0 to 11 a major key from C up, 12 to 23 a minor one."""
        return int(self.probabilities.argmax())

    @property
    def entropy_bits(self) -> float:
        """How undecided the network is, 0 to log2(24) = 4.585; music in a key has 0.2 to 2.2, what has none about 4."""
        sure = self.probabilities[self.probabilities > 0]
        return float(-(sure * np.log2(sure)).sum())


class KeyNetwork:
    """The network, loaded once and used for every recording.

    Args:
        path: The ONNX file that ``services.essentia.conversion madmom_key`` writes.
        threads: Threads that it may use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = open_session(path, threads)

    @staticmethod
    def listen(sample_rate: int) -> SpectrogramListener:
        """Begins with a recording at ``sample_rate`` Hz; what it gives in the end goes to :meth:`evidence`."""
        return SpectrogramListener(LAYOUT, sample_rate)

    def evidence(
        self, spectrogram: NDArray[np.float32], checkpoint: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Gives a row of evidence for each ROW_SECONDS of a spectrogram (frames, bands): float32 (rows, 24).

        The same as of the whole at once, in stretches, so that memory does not grow with length.
        """
        count = len(spectrogram) // ROW_FRAMES
        rows = np.empty((count, NONE), np.float32)
        for start in range(0, count * ROW_FRAMES, _MOST_FRAMES):
            checkpoint()
            left, right = max(0, start - _MARGIN), start + _MOST_FRAMES + _MARGIN
            found = self._session.run(["keys"], {"spectrogram": spectrogram[left:right]})[0]
            some = slice(start // ROW_FRAMES, min(count, (start + _MOST_FRAMES) // ROW_FRAMES))
            offset = (start - left) // ROW_FRAMES
            rows[some] = found[offset : offset + some.stop - some.start, FROM_C[:NONE]]
        return rows

    def hear(
        self, blocks: Iterable[NDArray[np.float32]], sample_rate: int, checkpoint: Callable[[], None] = lambda: None
    ) -> KeyOpinion | None:
        """Judges a whole recording; None where it is shorter than a row.

        Args:
            blocks: Finite mono samples (n,), block by block, of any length.
            sample_rate: Of the samples, Hz.
            checkpoint: Called between pieces of work; may raise to end it.
        """
        listener = self.listen(sample_rate)
        for block in blocks:
            checkpoint()
            listener.add(block)
        return opinion(self.evidence(listener.finish(), checkpoint))


def opinion(evidence: NDArray[np.float32]) -> KeyOpinion | None:
    """Judges the stretch whose rows of evidence (rows, 24) are given; None where there is none."""
    if not len(evidence):
        return None
    mean = evidence.mean(0, dtype=np.float64)
    weights = np.exp(mean - mean.max())
    return KeyOpinion(weights / weights.sum())
