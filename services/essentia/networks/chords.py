"""Which triad sounds when, by madmom's network and random field (Korzeniowski and Widmer, MLSP 2016).

Ten frames a second; majors, minors, and none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.essentia.networks.listening import SpectrogramListener
from services.essentia.networks.log_spectrogram import Layout
from services.essentia.networks.pitch_order import FROM_C, NONE
from services.essentia.networks.runtime import open_session

LAYOUT = Layout(rate=44100, frame=8192, hop=4410, per_octave=24, lowest_hz=60.0, highest_hz=2600.0, unit_area=True)
"""How the network hears."""
FRAMES_PER_SECOND = LAYOUT.rate / LAYOUT.hop
# Frames that it hears to each side, silent before the start and after the end.
_MARGIN = 11
_MOST_FRAMES = 500


@dataclass(frozen=True)
class ChordSegment:
    """A chord and how long it sounds.

    Attributes:
        start_seconds: Start.
        end_seconds: End, which is the next one's start.
        triad: 0 to 11 a major triad from C up, 12 to 23 a minor one, NONE for no chord.
    """

    start_seconds: float
    end_seconds: float
    triad: int


class ChordNetwork:
    """The network and its field, loaded once and used for every recording.

    Args:
        path: The ONNX file that ``services.essentia.conversion madmom_chords`` writes.
        changes: The file that ``madmom_chord_changes`` writes.
        threads: Threads that it may use.
    """

    def __init__(self, path: Path, changes: Path, threads: int = 1) -> None:
        self._session = open_session(path, threads)
        rows = np.load(changes, allow_pickle=False)[:, FROM_C].astype(np.float64)
        self._change, self._first, self._last = rows[FROM_C], rows[-2], rows[-1]

    @staticmethod
    def listen(sample_rate: int) -> SpectrogramListener:
        """Begins with a recording at ``sample_rate`` Hz; what it gives in the end goes to :meth:`potentials`."""
        return SpectrogramListener(LAYOUT, sample_rate)

    def potentials(
        self, spectrogram: NDArray[np.float32], checkpoint: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Gives how each frame speaks for each triad and for none: (frames, bands) to float32 (frames, 25), from C up.

        The same as of the whole at once, in stretches, so that memory does not grow with length.
        """
        padded = np.pad(spectrogram, ((_MARGIN, _MARGIN), (0, 0)))
        found = np.empty((len(spectrogram), NONE + 1), np.float32)
        for start in range(0, len(spectrogram), _MOST_FRAMES):
            checkpoint()
            stretch = padded[start : start + _MOST_FRAMES + 2 * _MARGIN]
            found[start : start + _MOST_FRAMES] = self._session.run(["potentials"], {"spectrogram": stretch})[0]
        return found[:, FROM_C]

    def path(self, potentials: NDArray[np.float32]) -> NDArray[np.int64]:
        """Gives the likeliest triads for potentials (frames, 25): int64 (frames,)."""
        best, score = np.zeros(potentials.shape, np.int64), self._first
        for frame, here in enumerate(potentials):
            reached = self._change + score[:, None]
            best[frame] = reached.argmax(0)
            score = here + reached.max(0)
        path = np.zeros(len(potentials), np.int64)
        if len(path):
            path[-1] = (score + self._last).argmax()
            for frame in range(len(path) - 1, 0, -1):
                path[frame - 1] = best[frame, path[frame]]
        return path

    def hear(
        self, blocks: Iterable[NDArray[np.float32]], sample_rate: int, checkpoint: Callable[[], None] = lambda: None
    ) -> tuple[ChordSegment, ...]:
        """Gives the chords of a whole recording, without gaps; none for no samples.

        Args:
            blocks: Finite mono samples (n,), block by block, of any length.
            sample_rate: Of the samples, Hz.
            checkpoint: Called between pieces of work; may raise to end it.
        """
        listener = self.listen(sample_rate)
        for block in blocks:
            checkpoint()
            listener.add(block)
        return segments(self.path(self.potentials(listener.finish(), checkpoint)))


def segments(path: NDArray[np.int64]) -> tuple[ChordSegment, ...]:
    """Joins frames (frames,) of the same triad; a frame lasts from its middle to the next one's, as madmom says it."""
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)] if len(path) else []
    return tuple(
        ChordSegment(start / FRAMES_PER_SECOND, end / FRAMES_PER_SECOND, int(path[start]))
        for start, end in pairwise(edges)
    )
