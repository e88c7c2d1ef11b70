"""What was found on a time line, bounded however much there is."""

from __future__ import annotations

from chassis.reports import Span, TimeLineReport, WarningReport

MAX_HOLES = 100
"""Holes that are named one by one; the rest are counted."""


class Findings:
    """Collects late start, holes, overlaps and new clocks of one pass; all positions are in samples of its rate.

    Attributes:
        late_frames: Samples of silence in front of the first sound.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self.late_frames = 0
        self._holes: list[Span] = []
        self._hole_count = 0
        self._hole_frames = 0
        self._overlap_at: int | None = None
        self._overlap_frames = 0
        self._first_clock: tuple[int, int] | None = None
        self._clock_count = 0

    def hole(self, position: int, frames: int) -> None:
        """Takes down silence that was put where nothing is stored."""
        self._hole_count += 1
        self._hole_frames += frames
        if len(self._holes) < MAX_HOLES:
            self._holes.append(Span(position / self._rate, frames / self._rate))

    def overlap(self, position: int, frames: int) -> None:
        """Takes down sound that was cut off because its time was taken."""
        if self._overlap_at is None:
            self._overlap_at = position
        self._overlap_frames += frames

    def clock_set(self, position: int, distance: int) -> None:
        """Takes down a jump of the time stamps that was not followed."""
        self._clock_count += 1
        if self._first_clock is None:
            self._first_clock = position, distance

    def report(self) -> TimeLineReport:
        """What answers tell of it."""
        return TimeLineReport(
            self.late_frames / self._rate, tuple(self._holes), self._hole_count, self._hole_frames / self._rate
        )

    def warnings(self) -> list[WarningReport]:
        """AUDIO_OVERLAP and AUDIO_TIME_STAMPS, where sound was cut off or time stamps could not be followed."""
        found = []
        if self._overlap_at is not None:
            found.append(
                WarningReport(
                    "AUDIO_OVERLAP",
                    f"by the time stamps {self._overlap_frames / self._rate:.3f} s of the sound lie on top of what "
                    f"came before, first at {self._overlap_at / self._rate:.3f} s; they were cut off",
                )
            )
        if self._first_clock is not None:
            position, distance = self._first_clock
            of_several = f", the first of {self._clock_count} jumps" if self._clock_count > 1 else ""
            found.append(
                WarningReport(
                    "AUDIO_TIME_STAMPS",
                    f"the time stamps jump by {distance / self._rate:.3f} s at {position / self._rate:.3f} s"
                    f"{of_several}; that is taken for a clock set anew, and the sound goes on without a break",
                )
            )
        return found
