"""BeatNet: how likely each fiftieth of a second is a beat, a downbeat, or neither.

Heydari, Cwitkowitz and Duan, "BeatNet: CRNN and Particle Filtering for Online Joint Beat, Downbeat and Meter Tracking",
ISMIR 2021: the networks alone, whose three published sets of weights are averaged. What follows them, which decides
where the beats are, is not part of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.networks.log_spectrogram import Layout, LogSpectrogram
from services.essentia.networks.runtime import open_session

if TYPE_CHECKING:
    import onnxruntime

LAYOUT = Layout(rate=22050, frame=1411, hop=441, per_octave=24, lowest_hz=30.0, highest_hz=17000.0, unit_area=True)
"""How the networks hear."""
FRAMES_PER_SECOND = LAYOUT.rate / LAYOUT.hop
"""Frame i stands for the time i / FRAMES_PER_SECOND, from the first sample on."""
BEAT, DOWNBEAT, NEITHER = range(3)
"""Columns of the activations: a beat that is no downbeat, a downbeat, neither."""
# Frames that the networks are given at once.
_MOST_FRAMES = 500


class BeatNetwork:
    """The networks, loaded once and used for every recording.

    Args:
        path: The ONNX file that ``services.essentia.conversion beatnet`` writes.
        threads: Threads that they may use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = open_session(path, threads)

    def listen(self, sample_rate: int) -> BeatListener:
        """Begins with a recording at ``sample_rate`` Hz."""
        return BeatListener(self._session, sample_rate)

    def hear(
        self, blocks: Iterable[NDArray[np.float32]], sample_rate: int, checkpoint: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Gives the activations of a whole recording, float32 (frames, 3); each row sums to 1.

        Args:
            blocks: Finite mono samples (n,), block by block, of any length; memory is that of one block, and 12 bytes
                for each frame.
            checkpoint: Called for each block; may raise to end the work.
        """
        return np.concatenate(list(_all(self.listen(sample_rate), blocks, checkpoint)))


class BeatListener:
    """One recording on its way through the networks, which remember what came before.

    Args:
        session: The networks.
        sample_rate: Of the samples, Hz.
    """

    def __init__(self, session: onnxruntime.InferenceSession, sample_rate: int) -> None:
        self._session = session
        self._resampler = Resampler(sample_rate, LAYOUT.rate, 1)
        self._spectrogram = LogSpectrogram(LAYOUT)
        self._last: NDArray[np.float32] | None = None
        self._memory = {
            each.name: np.zeros(each.shape, np.float32) for each in session.get_inputs() if each.name != "frames"
        }

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Takes finite mono samples (n,); gives the activations that are ready, float32 (m, 3)."""
        return self._run(self._spectrogram.add(self._resampler.apply(samples[None])[0]))

    def finish(self) -> NDArray[np.float32]:
        """Gives the activations that are left, float32 (m, 3); to be called once, after the last samples."""
        rest = self._spectrogram.add(self._resampler.finish()[0])
        return self._run(np.concatenate((rest, self._spectrogram.finish())))

    def _run(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        found = np.empty((len(rows), 3), np.float32)
        for start in range(0, len(rows), _MOST_FRAMES):
            some = slice(start, start + _MOST_FRAMES)
            feed = {"frames": self._with_rise(rows[some]), **self._memory}
            names = ["activations", "hidden_out", "cell_out"]
            found[some], self._memory["hidden"], self._memory["cell"] = self._session.run(names, feed)
        return found

    def _with_rise(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Puts beside each row how much each band has risen since the row before; nothing rises in the first."""
        before = rows[:1] if self._last is None else self._last
        rise = np.diff(rows, axis=0, prepend=before)
        self._last = rows[-1:]
        return np.concatenate((rows, np.maximum(rise, 0)), axis=1)


def _all(
    listener: BeatListener, blocks: Iterable[NDArray[np.float32]], checkpoint: Callable[[], None]
) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        checkpoint()
        yield listener.add(block)
    yield listener.finish()
