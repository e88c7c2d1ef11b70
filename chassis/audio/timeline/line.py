"""Puts decoded frames where their time stamps say: silence where nothing is stored, a cut where two pieces overlap.

A time stamp is a hint with an error: containers round it (Matroska and FLV to 1 ms), and recorders take it from a clock
that wobbles. Frames that follow one another are therefore joined sample by sample, and each time stamp is compared with
the samples counted so far, so that rounding never adds up. Only where the two are further apart than JITTER_SECONDS and
one tick of the container's clock, and the next frame agrees, the time stamps are believed:

* ahead: a hole, filled with silence;
* behind: an overlap. What was there first stays, and the beginning of what follows is cut off, as soon as the time
  stamps have caught up;
* far ahead, far behind, back at the first time stamp, or behind and never catching up: the clock was set anew, as in
  files joined end to end, or stands still. The sound goes on without a break, and time counts on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from av.audio.frame import AudioFrame

from chassis.audio.timeline.findings import Findings
from chassis.audio.timeline.origin import Origin
from chassis.audio.timeline.pieces import Decoded, Piece, Silence

JITTER_SECONDS = 0.015
"""Less than the packets in common use last (Opus 20 ms, AAC 21 to 23 ms, MP3 24 to 26 ms), so that a lost one shows;
more than the clocks of recorders wobble."""
MAX_TICK_SECONDS = 0.01
"""A coarser clock than this is not given more allowance."""
MAX_HOLE_SECONDS = 3600.0
"""A jump ahead by more is no hole: nobody records an hour of nothing, but clocks are set while a recorder runs."""
MAX_OVERLAP_SECONDS = 10.0
"""A jump back by more is no overlap; FFmpeg and players on it draw the same line."""


class TimeLine:
    """One pass along the time line of a track.

    Args:
        sample_rate: Rate that positions are counted in (Hz).
        origin: Where the time line begins; None where the container has no clock: nothing is moved then.
        check: Told how many frames there would be with a silence, before it is made; raises where that is too much.
        max_hole_seconds: Longest silence that a jump of the time stamps makes.

    Attributes:
        findings: What has been found so far.
        position: Frames so far, silence included.
    """

    def __init__(
        self,
        sample_rate: int,
        origin: Origin | None,
        check: Callable[[int], None],
        max_hole_seconds: float = MAX_HOLE_SECONDS,
    ) -> None:
        self.findings = Findings(sample_rate)
        self.position = 0
        self._rate = sample_rate
        self._origin = origin
        self._check = check
        self._max_hole = round(max_hole_seconds * sample_rate)
        self._max_overlap = round(MAX_OVERLAP_SECONDS * sample_rate)
        self._tolerance = 0
        self._page: int | None = None
        self._behind: list[AudioFrame] = []
        self._behind_frames = 0
        self._factor, self._divisor = 0, 0
        # Position = time stamp * factor / divisor - offset.
        self._offset: int | None = None
        self._first_stamp = 0
        self._previous: int | None = None
        self._clock = 0
        # What a frame of another rate left of a sample of the line, in parts of that rate.
        self._remainder, self._remainder_rate = 0, sample_rate

    def through(self, decoded: Iterator[Decoded]) -> Iterator[Piece | Silence]:
        """Yields the frames, and silence between them, in order.

        Raises:
            AntiphonError: what ``check`` raises.
        """
        stray: Decoded | None = None
        for each in decoded:
            if each.clock != self._clock:
                if stray is not None:
                    yield from self._settle(stray, None)
                    stray = None
                yield from self._set_clock()
                self._clock, self._offset, self._previous, self._divisor = each.clock, None, None, 0
            if stray is not None:
                yield from self._settle(stray, each)
                self._previous = self._stamp(stray.frame)
                stray = None
            if self._behind or self._strays(each.frame):
                stray = each
            else:
                self._page = each.page
                yield self._put(each.frame)
                self._previous = self._stamp(each.frame)
        if stray is not None:
            yield from self._settle(stray, None)
        yield from self._set_clock()

    def start(self, first: AudioFrame) -> Silence | None:
        """Sets the clock by the first frame, which :meth:`through` is then given.

        Returns:
            The silence in front of it, for a track that starts late; None where there is none.

        Raises:
            AntiphonError: what ``check`` raises.
        """
        stamp = self._stamp(first)
        if self._origin is None or stamp is None:
            return None
        self._first_stamp = self._offset = stamp
        began = stamp if self._origin.seconds is None else round(self._origin.seconds * self._rate)
        late = stamp - began
        if late > self._max_hole:
            self.findings.clock_set(0, late)
        if not self._tolerance < late <= self._max_hole:
            return None
        self._check(late)
        self._offset = began
        self.findings.late_frames = self.position = late
        return Silence(late)

    def _stamp(self, frame: AudioFrame) -> int | None:
        """The frame's time stamp in samples of the line; None where it has none, or the container no clock."""
        if self._origin is None or frame.pts is None:
            return None
        if self._divisor == 0:
            # In whole numbers, and the same for all frames: there are hundreds of thousands.
            tick = frame.time_base or Fraction(1, self._rate)
            self._factor, self._divisor = tick.numerator * self._rate, tick.denominator
            self._tolerance = round((JITTER_SECONDS + min(float(tick), MAX_TICK_SECONDS)) * self._rate)
        return (2 * frame.pts * self._factor + self._divisor) // (2 * self._divisor)

    def _distance(self, frame: AudioFrame) -> int | None:
        """How far ahead of the position the frame belongs (samples); None where nothing tells."""
        stamp = self._stamp(frame)
        if stamp is None:
            return None
        if self._offset is None:
            # The first frame had no time stamp: the clock is set by the first that has one.
            self._first_stamp, self._offset = stamp, stamp - self.position
        return stamp - self._offset - self.position

    def _strays(self, frame: AudioFrame) -> bool:
        distance = self._distance(frame)
        return distance is not None and abs(distance) > self._tolerance

    def _settle(self, stray: Decoded, following: Decoded | None) -> Iterator[Piece | Silence]:
        distance = self._distance(stray.frame)
        length = self._length(stray.frame)
        if self._behind and not self._has_caught_up(stray.frame, distance):
            self._behind.append(stray.frame)
            self._behind_frames += length
            if self._behind_frames > self._max_overlap:
                yield from self._set_clock()
            return
        self._drop()
        if distance is None or abs(distance) <= self._tolerance or not self._agrees(distance, stray, following):
            yield self._put(stray.frame)
        elif distance > self._max_hole or -distance > self._max_overlap or self._is_back(stray.frame, distance):
            self._behind.append(stray.frame)
            yield from self._set_clock()
        elif distance > 0:
            self._check(self.position + distance)
            self.findings.hole(self.position, distance)
            self.position += distance
            yield Silence(distance, stray.after_damage)
            yield self._put(stray.frame)
        elif distance + length <= self._tolerance:
            self._behind, self._behind_frames = [stray.frame], length
        else:
            self.findings.overlap(self.position, -distance)
            yield self._put(stray.frame, round(-distance * stray.frame.sample_rate / self._rate))

    def _has_caught_up(self, frame: AudioFrame, distance: int | None) -> bool:
        """Whether some of the frame lies in free time, and by a clock that goes: one that creeps is not believed."""
        length, stamp = self._length(frame), self._stamp(frame)
        if distance is None or stamp is None or distance + length <= self._tolerance:
            return False
        return self._previous is None or stamp - self._previous >= length // 2

    def _drop(self) -> None:
        """Lets go of frames that lie wholly in time that is taken: the time stamps have caught up."""
        if self._behind:
            self.findings.overlap(self.position, self._behind_frames)
            self._behind, self._behind_frames = [], 0

    def _set_clock(self) -> Iterator[Piece]:
        """Goes on with the frames that were held back, as if their time stamps were right, and counts from there."""
        frames, self._behind, self._behind_frames = self._behind, [], 0
        if frames and (distance := self._distance(frames[0])) is not None:
            self.findings.clock_set(self.position, distance)
            self._offset = (self._offset or 0) + distance
        for frame in frames:
            yield self._put(frame)

    def _agrees(self, distance: int, stray: Decoded, following: Decoded | None) -> bool:
        """Whether the frame behind a stray one is astray as far, so that it was not one time stamp that is wrong."""
        if following is None:
            return True
        if distance > 0 and stray.page is not None and self._page == stray.page == following.page:
            return False
        behind = self._distance(following.frame)
        if behind is None:
            return True
        behind -= self._length(stray.frame)
        return behind >= distance - self._tolerance if distance > 0 else behind <= distance + self._tolerance

    def _is_back(self, frame: AudioFrame, distance: int) -> bool:
        """Whether the clock stands where it began, as at the seam of files joined end to end."""
        stamp = self._stamp(frame)
        return distance < 0 and stamp is not None and abs(stamp - self._first_stamp) <= self._tolerance

    def _length(self, frame: AudioFrame) -> int:
        return round(frame.samples * self._rate / frame.sample_rate)

    def _put(self, frame: AudioFrame, cut: int = 0) -> Piece:
        frames = frame.samples - cut
        if frame.sample_rate != self._rate:
            if frame.sample_rate != self._remainder_rate:
                self._remainder, self._remainder_rate = 0, frame.sample_rate
            frames, self._remainder = divmod(frames * self._rate + self._remainder, frame.sample_rate)
        self.position += frames
        return Piece(frame, cut, frames)
