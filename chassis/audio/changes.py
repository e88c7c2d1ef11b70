"""Sound whose rate or channels change on the way: all of it is given with those that it began with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from chassis.audio.converter import Converter
from chassis.audio.frames import to_samples
from chassis.audio.layouts import layout_of
from chassis.audio.samples import Samples
from chassis.audio.timeline import Piece
from chassis.reports import WarningReport


class Changes:
    """Fits the pieces of a time line to one rate and one number of channels.

    What has fewer channels is put where it belongs among the others, and mixed down where it has more; what has another
    rate is resampled. Each stretch between two changes is given the length that it has on the time line, to the sample.

    Args:
        sample_rate: Rate wanted (Hz).
        channels: Channels wanted.
        layout: Names of their loudspeakers; None where they are not known.
        check: Told the rate and the channels of what comes; raises where they are out of bounds.
    """

    def __init__(
        self, sample_rate: int, channels: int, layout: Sequence[str] | None, check: Callable[[int, int], None]
    ) -> None:
        self._wanted = sample_rate, channels
        self._layout = layout
        self._check = check
        self._format = self._wanted
        self._found_layout: Sequence[str] | None = layout
        self._converter: Converter | None = None
        self._due = 0
        self._position = 0
        self._count = 0
        self._first = ""
        self._mixing: list[WarningReport] = []

    @property
    def warnings(self) -> list[WarningReport]:
        """AUDIO_FORMAT_CHANGES where anything changed, and what the mixing has to tell."""
        if not self._count:
            return []
        rate, channels = self._wanted
        more = f", and {self._count - 1} times more" if self._count > 1 else ""
        message = f"{self._first}{more}; all of it is given with {_shown(rate, channels)}"
        return [WarningReport("AUDIO_FORMAT_CHANGES", message), *self._mixing[:1]]

    def fit(self, piece: Piece) -> Iterator[Samples]:
        """Takes the next piece; yields what is ready, (channels, n) each.

        Raises:
            AntiphonError: what ``check`` raises.
        """
        frame = piece.frame
        found = frame.sample_rate, frame.layout.nb_channels
        if found != self._format:
            yield from self.finish()
            self._begin(piece, found)
        self._position += piece.frames
        samples = to_samples(frame)[:, piece.cut :]
        if self._converter is None:
            yield samples
            return
        yield from self._given(self._converter.apply(samples), piece.frames)

    def silence(self, frames: int) -> Iterator[Samples]:
        """Takes a silence of so many samples, which is for others to give; yields what was still held before it."""
        yield from self.finish()
        self._converter = self._make()
        self._position += frames

    def finish(self) -> Iterator[Samples]:
        """Yields what is still held, (channels, n): at the end, and before another format begins."""
        if self._converter is None:
            return
        rest = self._placed(self._converter.finish())
        self._mixing += self._converter.warnings
        if rest.shape[1] < self._due:
            rest = np.pad(rest, ((0, 0), (0, self._due - rest.shape[1])))
        yield rest[:, : self._due]
        self._due = 0

    def _begin(self, piece: Piece, found: tuple[int, int]) -> None:
        rate, channels = found
        self._check(rate, channels)
        if self._count == 0:
            self._first = (
                f"the sound changes from {_shown(*self._format)} to {_shown(rate, channels)} "
                f"at {self._position / self._wanted[0]:.3f} s"
            )
        self._count += 1
        self._format = found
        self._found_layout, _ = layout_of(piece.frame)
        self._converter = self._make()

    def _make(self) -> Converter | None:
        if self._format == self._wanted:
            return None
        (rate, channels), (wanted_rate, wanted) = self._format, self._wanted
        target = wanted if wanted in (1, 2, channels) else min(channels, 2)
        begin = self._position / wanted_rate
        return Converter(channels, rate, target, wanted_rate, self._found_layout, begin)

    def _given(self, ready: Samples, due: int) -> Iterator[Samples]:
        self._due += due
        placed = self._placed(ready)[:, : self._due]
        self._due -= placed.shape[1]
        yield placed

    def _placed(self, samples: Samples) -> Samples:
        """Puts mono or stereo among more channels: in the centre, or on the left and the right."""
        wanted = self._wanted[1]
        if samples.shape[0] == wanted:
            return samples
        names = list(self._layout or ())
        placed = np.zeros((wanted, samples.shape[1]), np.float32)
        if samples.shape[0] == 1:
            places = [names.index("FC")] if "FC" in names else [0, 1]
        else:
            places = [names.index("FL"), names.index("FR")] if {"FL", "FR"} <= set(names) else [0, 1]
        placed[places] = samples
        return placed


def _shown(rate: int, channels: int) -> str:
    return f"{rate} Hz and {channels} channel{'' if channels == 1 else 's'}"
