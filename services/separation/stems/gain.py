"""One gain for all stems, found in a pass of its own, that keeps them within full scale."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from chassis.audio import Resampler
from chassis.reports import ProgressReport
from services.separation.contract import Plan, Turn
from services.separation.mix.protocol import Mix, Separated
from services.separation.stems.form import Form
from services.separation.stems.progress import PassProgress
from services.separation.stems.selection import StemSelection

LARGEST = 1 - 2**-15
"""Peak that rescaling aims at, full scale 1.0: the largest value of 16 bits, which no encoding here clips."""

_STEP = "looking for the peaks"


class Peak:
    """A stem that is only looked at: how far it reaches, at the rate it would be encoded at.

    Attributes:
        value: Largest absolute sample so far, full scale 1.0; None where there was none.
    """

    def __init__(self, form: Form) -> None:
        self._resampler = Resampler(form.model_rate, form.sample_rate, form.channels)
        self.value: float | None = None

    def add(self, samples: np.ndarray) -> None:
        """Takes float32 ``(channels, samples)`` at the model's rate."""
        self._look(self._resampler.apply(samples))

    def finish(self) -> None:
        """Takes what the resampler still holds."""
        self._look(self._resampler.finish())

    def _look(self, samples: np.ndarray) -> None:
        if samples.shape[1]:
            self.value = max(self.value or 0.0, float(np.abs(samples).max()))


def find_gain(
    mix: Mix, plan: Plan, selection: StemSelection, form: Form, progress: PassProgress
) -> Generator[ProgressReport | Turn, None, float]:
    """Separates once to see how far the stems to be sent reach; yields progress, and turns of a live mix.

    Returns:
        The gain, at most 1.0, with which none of them leaves full scale in any encoding.
    """
    peaks = {stem: Peak(form) for stem in selection.sent}
    for step in mix.separated(plan):
        if not isinstance(step, Separated):
            yield step
            continue
        if step.block.frame_count:
            for stem, samples in selection.derive(step.block.stems, step.mix).items():
                peaks[stem].add(samples)
        yield progress.reached(_STEP, step.block.end / form.model_rate)
    for peak in peaks.values():
        peak.finish()
    yield progress.end(_STEP, None)
    highest = max((peak.value or 0.0 for peak in peaks.values()), default=0.0)
    return min(1.0, LARGEST / highest) if highest else 1.0
