"""Channels of opposite polarity, noticed before a sum of them cancels.

A swapped wire makes right = -left. Every player lets it be heard, for loudspeakers do not add the channels; a mean of
them is silence. So the sum is watched hop by hop. Over hops that are forgotten with a time constant of
MEMORY_SECONDS, the covariance of the weighted channels is kept::

    C[i, j] <- keep * C[i, j] + sum over the hop of (w_i x_i) (w_j x_j)

The channel of the greatest energy leads. Any other whose correlation with it, C[lead, i] / sqrt(C[lead, lead] C[i, i]),
falls to OPPOSITE takes part with its sign turned, until the correlation has come back to SAME: at -0.8, two channels of
one level would lose 10 dB to each other, and wide but ordinary stereo does not stay there for half a second. Between
the two bounds nothing changes, so that a sign does not flutter. A hop of which the channels are so alike or opposite
that there is no doubt (CERTAIN), and which is not faint beside what was heard of late, makes what was before it
forgotten: polarity that changes within a recording costs no word. A turn takes TURN_SECONDS, so that it does not click.
Where no sign is turned, and that is nearly always, nothing is computed but the covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chassis.audio.samples import Samples

MEMORY_SECONDS = 0.5
OPPOSITE = -0.8
SAME = -0.2
CERTAIN = 0.95
"""Correlation within one hop, of either sign, that needs no other hops to be believed."""
FAINT_HOP = 0.003
"""Share of what is remembered, about ten hops of it, below which a hop (-15 dB of the mean) is not believed alone."""
TURN_SECONDS = 0.01
FAINTEST_ENERGY = 1e-14
"""Energy of a sample, full scale 1.0, below which (-140 dB) a hop tells nothing: rounding has a sign of its own."""


@dataclass(frozen=True)
class Turn:
    """Signs of one hop.

    Attributes:
        before: Sign of each channel at the end of the hop before it, float32 of 1 and -1, shape (channels,).
        after: Sign of each channel from TURN_SECONDS into the hop on, likewise.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]

    @property
    def plain(self) -> bool:
        """Whether every channel keeps the sign that it has in the file."""
        return bool((self.before > 0).all() and (self.after > 0).all())


class Polarity:
    """Follows the signs with which the channels of one sum are to be taken.

    Args:
        weights: Share of each channel in the sum, shape (channels,); one of 0 takes no part.
        hop_seconds: Length of a hop (s).
        hop: The same in samples of each channel.
    """

    def __init__(self, weights: NDArray[np.float64], hop_seconds: float, hop: int) -> None:
        self._outer = np.outer(weights, weights)
        self._keep = float(np.exp(-hop_seconds / MEMORY_SECONDS))
        # Of a few samples any two series may be opposite: the last hop of a clip, cut short, has no say.
        self._fewest = hop / 2
        self._covariance = np.zeros_like(self._outer)
        self._signs = np.ones(len(weights), np.float32)
        self._started = False

    def follow(self, covariance: NDArray[np.float64], frames: int) -> Turn:
        """Takes a hop of ``frames`` samples by its covariance, shape (channels, channels), and gives its signs."""
        before = self._signs
        weighted = covariance * self._outer
        self._covariance = self._covariance * self._keep
        if frames >= self._fewest and weighted.trace() > FAINTEST_ENERGY * frames:
            self._covariance = weighted if self._contradicts(weighted) else self._covariance + weighted
            self._signs = self._turned()
            if not self._started:
                # There is no sum before the first sound that a change of sign could break.
                before, self._started = self._signs, True
        return Turn(before, self._signs)

    def _contradicts(self, weighted: NDArray[np.float64]) -> bool:
        """Tells whether a hop by itself leaves no doubt that the signs of now are wrong."""
        if weighted.trace() < FAINT_HOP * self._covariance.trace():
            return False
        lead, likeness = _likeness(weighted)
        return bool((likeness * self._signs * self._signs[lead] <= -CERTAIN).any())

    def _turned(self) -> NDArray[np.float32]:
        lead, likeness = _likeness(self._covariance)
        relative = self._signs * self._signs[lead]
        relative = np.where(likeness <= OPPOSITE, -1, np.where(likeness >= SAME, 1, relative))
        # A channel that is silent says nothing of its sign.
        relative = np.where(np.diag(self._covariance) > 0, relative, 1)
        signs: NDArray[np.float32] = (relative * self._signs[lead]).astype(np.float32)
        return signs


def _likeness(covariance: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]]:
    """Gives the channel of the greatest energy, and the correlation of each with it; 0 where one is silent."""
    energies = np.diag(covariance)
    lead = int(np.argmax(energies))
    norms = np.sqrt(energies * energies[lead])
    return lead, np.divide(covariance[lead], norms, out=np.zeros_like(norms), where=norms > 0)


def covariances(block: Samples, hop: int) -> NDArray[np.float64]:
    """Gives each hop's sums of products of each two channels, less their means over the hop.

    A constant offset does not sound, and two of opposite sign would hide that the rest is alike.

    Args:
        block: Samples (channels, hops * hop).
        hop: Samples of each channel in a hop.

    Returns:
        Shape (hops, channels, channels).
    """
    hops = np.moveaxis(block.astype(np.float64).reshape(block.shape[0], -1, hop), 0, 1)
    hops = hops - hops.mean(axis=2, keepdims=True)
    products: NDArray[np.float64] = hops @ hops.swapaxes(1, 2)
    return products
