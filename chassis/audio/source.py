"""An uploaded clip as a stream of float32 blocks in whatever rate, channels and range an engine asks for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from chassis.audio.budget import Budget
from chassis.audio.clip_range import clip_range_error
from chassis.audio.converter import Converter
from chassis.audio.decode import LibavStream
from chassis.audio.frames import check_finite
from chassis.audio.opened import Readable
from chassis.audio.pcm import RawStream
from chassis.audio.samples import Audio, Samples, recut
from chassis.audio.tags import Tags, read_tags
from chassis.reading import Limits, RawPcm
from chassis.reports import SourceReport, WarningReport

BLOCK_FRAMES = 65536


class Source:
    """A clip to read, once or several times.

    Nothing is opened before the first question. Every pass decodes from the start of the file, block by block: memory
    does not grow with length, and a clip range is exact to the sample.

    Args:
        path: The uploaded bytes, a path or a file that is open; the name is not looked at.
        raw: How to read them where they have no header; None for a file in a container.
        limits: Bounds on the whole source.
        start_seconds: Start of the clip in the source, rounded to the nearest sample at the stored rate.
        end_seconds: End of the clip, likewise; None, or beyond the end, for the end of the source.
        checkpoint: Called at least once a block, and while reading; raises to stop.
        track: Which audio track of a container, from 0; None for the default one.

    Raises:
        AntiphonError: CLIP_RANGE where the range is not one.
    """

    def __init__(
        self,
        path: Readable,
        raw: RawPcm | None = None,
        limits: Limits | None = None,
        start_seconds: float = 0.0,
        end_seconds: float | None = None,
        checkpoint: Callable[[], None] = lambda: None,
        track: int | None = None,
    ) -> None:
        end = math.inf if end_seconds is None else end_seconds
        if not 0 <= start_seconds < end or end_seconds == math.inf:
            raise clip_range_error("the start must be 0 or more and the end after it", start_seconds, end_seconds)
        self._path = path
        self._raw = raw
        self._limits = limits or Limits()
        self._start_seconds = start_seconds
        self._end_seconds = end_seconds
        self._checkpoint = checkpoint
        self._track = track
        self._report: SourceReport | None = None
        self._claimed_seconds: float | None = None
        self._warnings: list[WarningReport] = []
        self._mix_warnings: tuple[WarningReport, ...] = ()
        self._layout: tuple[str, ...] | None = None
        self._rest: Iterator[Samples] | None = None

    @property
    def report(self) -> SourceReport:
        """What the source was found to be; frames and digest are None until one pass has reached its end.

        Raises:
            AntiphonError: the source cannot be opened; see :meth:`blocks`.
        """
        self.probe()
        assert self._report is not None
        return self._report

    def probe(self) -> None:
        """Opens the source once, so that one which cannot be read is refused before costly work is done for it.

        Raises:
            AntiphonError: the source cannot be opened; see :meth:`blocks`.
        """
        if self._report is None:
            stream, _ = self._open()
            stream.close()

    @property
    def layout(self) -> tuple[str, ...] | None:
        """Loudspeakers of the stored channels, such as ``("FL", "FR")``; None where nothing tells. Raises as probe."""
        self.probe()
        return self._layout

    @property
    def warnings(self) -> list[WarningReport]:
        """What the last pass that reached the end found: AUDIO_TRUNCATED, AUDIO_TRACKS, AUDIO_OVERLAP and the like.

        With them AUDIO_OUT_OF_PHASE, as found by the last pass that mixed channels and reached the end of the clip.
        """
        return [*self._warnings, *self._mix_warnings]

    @property
    def start_seconds(self) -> float:
        """Start of the clip in the source (s)."""
        return self._start_seconds

    @property
    def seconds_hint(self) -> float | None:
        """Length of the clip (s) by the container's own word; for progress only. None where it gives none."""
        report = self.report
        total = self._claimed_seconds if report.seconds is None else report.seconds
        ends = [seconds for seconds in (total, self._end_seconds) if seconds is not None]
        return max(0.0, min(ends) - self._start_seconds) if ends else None

    def blocks(
        self, sample_rate: int | None = None, channels: int | None = None, block_frames: int = BLOCK_FRAMES
    ) -> Iterator[Samples]:
        """Yields the clip as float32 blocks (channels, block_frames), the last one shorter; may be called again.

        The samples do not depend on ``block_frames``. See mixdown.py for the channels, resample.py for the rate.

        Args:
            sample_rate: Rate wanted (Hz); None for the stored one.
            channels: Channels wanted; None for the stored ones.
            block_frames: Samples of each channel in a block.

        Raises:
            AntiphonError: INVALID_ARGUMENT with reason AUDIO_EMPTY, AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM,
                AUDIO_CHANNEL_COUNT, AUDIO_SAMPLE_RATE, AUDIO_TOO_LONG, AUDIO_TOO_LARGE, AUDIO_DECODE_TIMEOUT,
                AUDIO_NOT_FINITE, AUDIO_TOO_COMPLEX, AUDIO_TRACK, or CLIP_RANGE where it ends before the clip begins.
            ValueError: what is wanted makes no sense.
        """
        if block_frames < 1 or (sample_rate is not None and sample_rate < 1) or (channels is not None and channels < 1):
            raise ValueError(f"ask for positive numbers, not {sample_rate=} {channels=} {block_frames=}")
        return recut(self._converted(sample_rate, channels), block_frames)

    def read(self, sample_rate: int | None = None, channels: int | None = None) -> Audio:
        """Reads the whole clip into memory; arguments and errors are those of :meth:`blocks`.

        A clip of a sample or two may leave nothing at a lower rate: shape (channels, 0).
        """
        parts = list(self.blocks(sample_rate, channels))
        report = self.report
        whole = np.empty((channels or report.channels, sum(part.shape[1] for part in parts)), np.float32)
        position = whole.shape[1]
        while parts:
            # From the back, each part let go once copied: the clip is not held twice.
            part = parts.pop()
            whole[:, position - part.shape[1] : position] = part
            position -= part.shape[1]
        return Audio(whole, sample_rate or report.sample_rate)

    def tags(self) -> Tags:
        """Reads what the file says of its music; nothing for PCM.

        Raises:
            AntiphonError: as :meth:`probe`.
        """
        return Tags({}) if self._raw is not None else read_tags(self._path, self._checkpoint)

    def complete(self) -> SourceReport:
        """Decodes what no pass has reached yet, and returns the report with frames and digest.

        Cheap after a full pass, and after a pass over a clip: that one goes on where the clip ended.

        Raises:
            AntiphonError: as :meth:`blocks`; limits and damage count for the whole source.
        """
        if self._report is None or self._report.frames is None:
            rest, self._rest = self._rest or self._walk(*self._open()), None
            for _ in rest:
                pass
        return self.report

    def _open(self) -> tuple[RawStream | LibavStream, Budget]:
        budget = Budget(self._limits, self._checkpoint)
        budget.resume()
        budget.check()
        stream: RawStream | LibavStream
        if self._raw is not None:
            stream = RawStream(self._path, self._raw, self._limits, budget)
        else:
            stream = LibavStream(self._path, self._limits, budget, self._track)
        budget.pause()
        if self._report is None:
            self._report = stream.report
            self._layout = stream.layout
            self._claimed_seconds = stream.claimed_seconds
        return stream, budget

    def _walk(self, stream: RawStream | LibavStream, budget: Budget) -> Iterator[Samples]:
        """Yields the whole source at its own rate; its report and warnings are complete after the last block."""
        report = stream.report
        digest = hashlib.sha256() if self._report is None or self._report.pcm_sha256 is None else None
        frames = 0
        try:
            budget.resume()
            for block in stream.blocks():
                budget.check()
                budget.spend(block.shape[1], report.channels, report.sample_rate)
                check_finite(block, frames)
                if digest is not None:
                    # The silence of a late start is the container's and not the sound's.
                    digest.update(np.ascontiguousarray(block[:, max(0, stream.late_frames - frames) :].T, "<f4").data)
                frames += block.shape[1]
                budget.pause()
                yield block
                budget.resume()
            self._warnings = stream.warnings
            if digest is not None:
                found = digest.digest()
                self._report = replace(report, frames=frames, pcm_sha256=found, time_line=stream.time_line)
        finally:
            stream.close()

    def _clip(self, walk: Iterator[Samples], sample_rate: int) -> Iterator[Samples]:
        start = round(self._start_seconds * sample_rate)
        end = None if self._end_seconds is None else round(self._end_seconds * sample_rate)
        if end is not None and end <= start:
            raise clip_range_error(f"no sample at {sample_rate} Hz is in it", self._start_seconds, self._end_seconds)
        position = 0
        for block in walk:
            first, position = position, position + block.shape[1]
            part = block[:, max(0, start - first) : None if end is None else end - first]
            if part.shape[1]:
                yield part
            if end is not None and position >= end:
                self._rest = walk
                return
        if position <= start:
            why = f"the audio lasts {position / sample_rate:.3f} s"
            raise clip_range_error(why, self._start_seconds, self._end_seconds, seconds=f"{position / sample_rate:.6f}")

    def _converted(self, sample_rate: int | None, channels: int | None) -> Iterator[Samples]:
        stream, budget = self._open()
        stored = stream.report
        walk = self._walk(stream, budget)
        target = stored.channels if channels is None else channels
        rate = stored.sample_rate if sample_rate is None else sample_rate
        converter = Converter(stored.channels, stored.sample_rate, target, rate, stream.layout, self._start_seconds)
        for part in self._clip(walk, stored.sample_rate):
            yield converter.apply(part)
        yield converter.finish()
        self._mix_warnings = converter.warnings
