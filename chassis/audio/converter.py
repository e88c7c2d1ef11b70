"""From the stored channels and rate to those that an engine asks for, block by block: the same for files and live."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chassis.audio.mixdown import Mixdown
from chassis.audio.resample import Resampler
from chassis.audio.samples import Samples
from chassis.reports import WarningReport


class Converter:
    """Mixes and resamples.

    Mono is resampled before it is repeated; anything else is mixed down first: the fewer channels, the cheaper.

    Args:
        channels: Channels that come in.
        sample_rate: Rate that comes in (Hz).
        target: Channels that go out.
        target_rate: Rate that goes out (Hz).
        layout: Names of the loudspeakers that come in; None where they are not known.
        start_seconds: Where in the recording what comes in begins (s), for the places that are told.

    Raises:
        ValueError: there is no rule for this pair of channel counts.
    """

    def __init__(
        self,
        channels: int,
        sample_rate: int,
        target: int,
        target_rate: int,
        layout: Sequence[str] | None,
        start_seconds: float = 0.0,
    ) -> None:
        self._mixes_first = target <= channels
        self._mixdown = Mixdown(channels, target, layout, sample_rate=sample_rate, start_seconds=start_seconds)
        self._resampler = Resampler(sample_rate, target_rate, min(target, channels))

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """What the mixdown has to tell so far."""
        return self._mixdown.warnings

    def apply(self, block: Samples) -> Samples:
        """Takes the next (channels, n) and gives the (target, m) that are ready, m >= 0."""
        if self._mixes_first:
            return self._resampler.apply(self._mixdown.apply(block))
        return self._mixdown.apply(self._resampler.apply(block))

    def finish(self) -> Samples:
        """Gives the (target, m) that are still held; to be called once, after the last block."""
        if not self._mixes_first:
            return self._mixdown.apply(self._resampler.finish())
        rest = self._mixdown.finish()
        parts = [self._resampler.apply(rest)] if rest.shape[1] else []
        return np.concatenate([*parts, self._resampler.finish()], axis=1)
