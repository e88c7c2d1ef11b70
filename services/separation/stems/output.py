"""All stems on their way out, and what is counted of them."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.audio.finite import check_finite
from chassis.reports import ProgressReport
from services.separation.contract import StemBlock, StemReport
from services.separation.mix.protocol import Separated
from services.separation.stems.form import Form
from services.separation.stems.levels import Levels
from services.separation.stems.progress import PassProgress
from services.separation.stems.selection import StemSelection
from services.separation.stems.track import Track

STEP = "separating"


class Output:
    """The stems that one call is sent: a track each, the levels of all, and the progress made in sending them.

    Args:
        selection: Which stems.
        form: How they come out.
        progress: Of the call; this is its last pass.
    """

    def __init__(self, selection: StemSelection, form: Form, progress: PassProgress) -> None:
        self._selection = selection
        self._form = form
        self._progress = progress
        self._levels = Levels(selection.known)
        self._tracks = {stem: Track(stem, form) for stem in selection.sent}
        self._frames = 0

    @property
    def residual_share(self) -> float | None:
        """Energy of the mix minus all stems; see :attr:`Levels.residual_share`."""
        return self._levels.residual_share

    def add(self, separated: Separated) -> Iterator[StemBlock | ProgressReport]:
        """Takes a block; yields what of each stem is ready for it, and how far the work is.

        Raises:
            AntiphonError: MODEL_NOT_FINITE.
        """
        block, mix = separated.block, separated.mix
        if block.frame_count:
            for stem, samples in block.stems.items():
                check_finite(samples, f"the stem {stem}")
            self._frames = block.first_frame + block.frame_count
            self._levels.add(block.stems, mix)
            for stem, samples in self._selection.derive(block.stems, mix).items():
                yield from self._tracks[stem].add(samples, block.first_frame)
        yield self._progress.reached(STEP, block.end / self._form.model_rate)

    def finish(self) -> Iterator[StemBlock]:
        """Yields the rest of every stem."""
        for track in self._tracks.values():
            yield from track.finish(self._frames)

    def end(self) -> ProgressReport:
        """Tells that all has been sent."""
        return self._progress.end(STEP, self._frames / self._form.model_rate)

    def report(self) -> tuple[StemReport, ...]:
        """Tells what the stems have become; to be asked once, after :meth:`finish`."""
        return tuple(track.report(self._levels.share(stem)) for stem, track in self._tracks.items())
