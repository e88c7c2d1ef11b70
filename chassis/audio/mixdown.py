"""Changing the number of channels, so that nothing that sounds becomes silence.

To mono: the mean of all channels. Mono to any number: the same samples in each. More than two to stereo: by ITU-R
BS.775 where the file names its loudspeakers (centre and surround 3 dB down, low-frequency channel left out), scaled
so that full scale in every channel stays within full scale; where it does not, the mean of the 1st, 3rd, 5th … channel
on the left and of the others on the right. Anything else is not defined and refused.

Two things are held against the recording itself, hop by hop. Channels of opposite phase would cancel: those are added
with their sign turned (:mod:`chassis.audio.polarity`), and a warning tells from where on and for how long. A
low-frequency channel that alone sounds is not left out, but goes to both sides.

Every analysis mixes by this module: a mean taken elsewhere would not notice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chassis.audio.polarity import TURN_SECONDS, Polarity, Turn, covariances
from chassis.audio.samples import Samples
from chassis.reports import WarningReport

HALF_POWER = 0.5**0.5
ITU_STEREO: dict[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (HALF_POWER, HALF_POWER),
    "LFE": (0.0, 0.0),
    "SL": (HALF_POWER, 0.0),
    "SR": (0.0, HALF_POWER),
    "BL": (HALF_POWER, 0.0),
    "BR": (0.0, HALF_POWER),
    "BC": (0.5, 0.5),
}
"""Share of each loudspeaker in (left, right); the back centre is split over both surrounds, 3 dB down each."""
HOP_SECONDS = 0.05
WORTH_TELLING_SECONDS = 0.5
ALONE = 1e-6
"""A channel that is left out sounds alone where all others together have less than this share of its energy: -60 dB."""


class Mixdown:
    """Turns blocks of one channel count into another; what it gives does not depend on how the blocks are cut.

    It holds back up to HOP_SECONDS: :meth:`finish` gives the rest.

    Args:
        channels: Channels that come in.
        target: Channels that go out.
        layout: Names of the loudspeakers that come in, such as ``("FL", "FR")``; None where they are not known.
        sample_rate: Samples a second of each channel (Hz).
        start_seconds: Where in the recording what comes in begins (s), for the places that are told.

    Raises:
        ValueError: there is no rule for this pair of counts.
    """

    def __init__(
        self,
        channels: int,
        target: int,
        layout: Sequence[str] | None = None,
        *,
        sample_rate: int,
        start_seconds: float = 0.0,
    ) -> None:
        self._start_seconds = start_seconds
        self._repeat = target if channels == 1 else 1
        self._rows = [] if target == channels or channels == 1 else _weights(channels, target, layout)
        self._sample_rate = sample_rate
        self._hop = max(1, round(HOP_SECONDS * sample_rate))
        left_out = [index for index in range(channels) if not any(row[index] for row in self._rows)]
        self._left_out = left_out if self._rows else []
        # Each row as heard, and what replaces it while the channels that it leaves out are all that sounds.
        self._sums = [_Sum(row, sample_rate, self._hop) for row in self._rows]
        self._spare = [float(index in left_out) / max(1, len(left_out)) for index in range(channels)]
        self._held = np.zeros((channels, 0), np.float32)
        self._position = 0

    def apply(self, block: Samples) -> Samples:
        """Maps the next (channels, n) to (target, m), with what was held before and less what is held back now."""
        if self._repeat > 1:
            return np.repeat(block, self._repeat, axis=0)
        if not self._rows:
            return block
        joined = np.concatenate([self._held, block], axis=1)
        whole = joined.shape[1] - joined.shape[1] % self._hop
        self._held = joined[:, whole:].copy()
        return self._mixed(joined[:, :whole])

    def finish(self) -> Samples:
        """Gives the (target, m) that are still held; to be called once, after the last block."""
        rest, self._held = self._held, self._held[:, :0]
        if not self._rows:
            return np.zeros((self._repeat if self._repeat > 1 else rest.shape[0], 0), np.float32)
        return self._mixed(rest)

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """AUDIO_OUT_OF_PHASE where channels were added with their sign turned, for more than a moment."""
        turned = max((each.turned_frames for each in self._sums), default=0)
        if not turned or turned < min(WORTH_TELLING_SECONDS * self._sample_rate, self._position / 2):
            return ()
        first = min(each.first_turned for each in self._sums if each.first_turned is not None)
        place = self._start_seconds + first / self._sample_rate
        message = (
            f"channels are of opposite phase from {place:.2f} s on, for {turned / self._sample_rate:.2f} s in all, and "
            "would cancel when mixed; they were added with the sign of one turned"
        )
        return (WarningReport("AUDIO_OUT_OF_PHASE", message),)

    def _mixed(self, block: Samples) -> Samples:
        whole = block.shape[1] - block.shape[1] % self._hop
        parts = [np.zeros((len(self._rows), 0), np.float32)]
        for part, hop in ((block[:, :whole], self._hop), (block[:, whole:], block.shape[1] - whole)):
            if part.shape[1]:
                parts.append(self._mixed_hops(part, covariances(part, hop), hop))
        return np.concatenate(parts, axis=1)

    def _mixed_hops(self, block: Samples, together: NDArray[np.float64], hop: int) -> Samples:
        alone = [bool(self._left_out) and self._alone(each) for each in together]
        rows = np.stack([each.apply(block, together, self._position) for each in self._sums])
        self._position += block.shape[1]
        for index in np.flatnonzero(alone):
            cut = slice(index * hop, (index + 1) * hop)
            rows[:, cut] = _weighted_sum(block[:, cut], self._spare)
        return rows

    def _alone(self, together: NDArray[np.float64]) -> bool:
        energies = np.diag(together)
        out = float(energies[self._left_out].sum())
        return out > 0 and float(energies.sum()) - out < ALONE * out


def to_mono(samples: Samples, sample_rate: int) -> tuple[Samples, tuple[WarningReport, ...]]:
    """Mixes a whole clip (channels, n) of at least one channel to (n,), with what there is to tell of it."""
    if samples.shape[0] == 1:
        return samples[0], ()
    mixdown = Mixdown(samples.shape[0], 1, sample_rate=sample_rate)
    mono = np.concatenate([mixdown.apply(samples), mixdown.finish()], axis=1)[0]
    return mono, mixdown.warnings


class _Sum:
    """One channel that goes out: a weighted sum of those that come in, none of which cancels another."""

    def __init__(self, weights: Sequence[float], sample_rate: int, hop: int) -> None:
        self._weights = weights
        self._polarity = Polarity(np.asarray(weights), HOP_SECONDS, hop)
        self._turn_frames = max(1, round(TURN_SECONDS * sample_rate))
        self.turned_frames = 0
        self.first_turned: int | None = None

    def apply(self, block: Samples, together: NDArray[np.float64], position: int) -> Samples:
        hop = block.shape[1] // len(together)
        turns = [self._polarity.follow(each, hop) for each in together]
        mixed = _weighted_sum(block, self._weights)
        for index, turn in enumerate(turns):
            if turn.plain:
                continue
            if not (turn.after > 0).all():
                self.turned_frames += hop
                self.first_turned = position + index * hop if self.first_turned is None else self.first_turned
            cut = slice(index * hop, (index + 1) * hop)
            mixed[cut] = _weighted_sum(block[:, cut] * self._signs(turn, hop), self._weights)
        return mixed

    def _signs(self, turn: Turn, frames: int) -> Samples:
        share = np.minimum(np.arange(1, frames + 1, dtype=np.float32) / np.float32(self._turn_frames), np.float32(1))
        signs: Samples = turn.before[:, None] * (1 - share) + turn.after[:, None] * share
        return signs


def _weights(channels: int, target: int, layout: Sequence[str] | None) -> list[list[float]]:
    if target == 1:
        return [[1.0 / channels] * channels]
    if target != 2:
        raise ValueError(f"no rule to turn {channels} channels into {target}; ask for 1, 2 or {channels}")
    if layout is not None and len(layout) == channels and all(name in ITU_STEREO for name in layout):
        rows = [[ITU_STEREO[name][side] for name in layout] for side in (0, 1)]
    else:
        rows = [[float(index % 2 == side) for index in range(channels)] for side in (0, 1)]
        return [[weight / sum(row) for weight in row] for row in rows]
    largest = max(sum(row) for row in rows)
    return [[weight / largest for weight in row] for row in rows]


def _weighted_sum(block: Samples, weights: Sequence[float]) -> Samples:
    # Row by row and not as a matrix product: BLAS rounds differently for different block lengths.
    total = np.zeros(block.shape[1], np.float32)
    for row, weight in zip(block, weights, strict=True):
        if weight:
            total += row * np.float32(weight)
    return total
