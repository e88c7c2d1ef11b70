"""A stream of audio while it comes in: decoded, checked, mixed down and resampled as far as it has come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from antiphon_wire.errors import invalid
from chassis.audio.budget import Budget
from chassis.audio.converter import Converter
from chassis.audio.frames import check_finite
from chassis.audio.live.container import ContainerDecoder
from chassis.audio.live.raw import RawDecoder
from chassis.audio.samples import Samples
from chassis.reading import Limits, RawPcm
from chassis.reports import SourceReport, WarningReport

BLOCKS_PER_SECOND = 50
"""The resampler is given blocks of this length whatever came in: its rounding depends on how it is fed."""


def _nothing() -> None:
    return


class LiveSource:
    """A stream of audio while it comes in, at one rate; mono, or as many channels as wanted.

    Args:
        sample_rate: Rate wanted (Hz).
        raw: How to read the bytes where they have no header; None for a container.
        limits: Bounds on the stream as a whole.
        channels: Channels wanted, samples then come as (channels, n); None for mono, which comes as (n,).
        track: Which audio track of a container, from 0; None for the default one.

    Raises:
        AntiphonError: AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT for PCM out of bounds.
    """

    def __init__(
        self,
        sample_rate: int,
        raw: RawPcm | None = None,
        limits: Limits | None = None,
        channels: int | None = None,
        track: int | None = None,
    ) -> None:
        self._channels = channels
        self._limits = limits or Limits()
        self._sample_rate = sample_rate
        self._decoder: RawDecoder | ContainerDecoder = (
            ContainerDecoder(self._limits, track) if raw is None else RawDecoder(raw, self._limits)
        )
        self._budget = Budget(self._limits, _nothing)
        self._digest = hashlib.sha256()
        self._frames = 0
        self._held: list[Samples] = []
        self._held_frames = 0
        self._converter: Converter | None = None
        self._report: SourceReport | None = None
        self._ended = False

    @property
    def report(self) -> SourceReport | None:
        """What the stream was found to be; None until enough has come; length and digest once it has ended."""
        report = self._decoder.report
        if report is None or not self._ended:
            return report
        digest = self._digest.digest()
        return replace(report, frames=self._frames, pcm_sha256=digest, time_line=self._decoder.time_line)

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """AUDIO_CORRUPT_PACKETS where some could not be decoded, and what there is to say of tracks, time, channels."""
        bad = self._decoder.bad_packets
        mixed = () if self._converter is None else self._converter.warnings
        if not bad:
            return (*self._decoder.warnings, *mixed)
        corrupt = WarningReport("AUDIO_CORRUPT_PACKETS", f"{bad} packets could not be decoded and were left out")
        return (corrupt, *self._decoder.warnings, *mixed)

    def feed(self, data: bytes) -> Samples:
        """Takes the next bytes; returns the samples (n,) float32 that they make ready, n >= 0.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT,
                AUDIO_NOT_FINITE, AUDIO_TOO_LONG, AUDIO_TOO_LARGE, AUDIO_TOO_COMPLEX, AUDIO_TRACK.
        """
        return self._joined(self._converted(self._decoder.feed(data)))

    def finish(self) -> Samples:
        """Takes the end of the stream; returns the samples (n,) that were still held. To be called once.

        Raises:
            AntiphonError: as :meth:`feed`, and AUDIO_EMPTY where the stream held no samples.
        """
        parts = self._converted(self._decoder.finish())
        if self._frames == 0:
            raise invalid("AUDIO_EMPTY", "the stream held no samples")
        assert self._converter is not None
        if self._held_frames:
            parts.append(self._converter.apply(np.concatenate(self._held, axis=1)))
        parts.append(self._converter.finish())
        self._ended = True
        return self._joined(parts)

    def close(self) -> None:
        """Gives up what is under way; a second call does nothing."""
        self._decoder.close()

    def _joined(self, parts: list[Samples]) -> Samples:
        joined = np.concatenate([np.zeros((self._channels or 1, 0), np.float32), *parts], axis=1)
        return joined[0] if self._channels is None else joined

    def _converted(self, blocks: list[Samples]) -> list[Samples]:
        ready: list[Samples] = []
        for block in blocks:
            if not block.shape[1]:
                continue
            report = self._decoder.report
            assert report is not None
            if self._converter is None:
                target, rate = self._channels or 1, self._sample_rate
                self._converter = Converter(report.channels, report.sample_rate, target, rate, self._decoder.layout)
            self._budget.spend(block.shape[1], report.channels, report.sample_rate)
            check_finite(block, self._frames)
            # The silence of a late start is the container's and not the sound's.
            sound = block[:, max(0, self._decoder.late_frames - self._frames) :]
            self._digest.update(np.ascontiguousarray(sound.T, "<f4").data)
            self._frames += block.shape[1]
            ready += self._resampled(block, max(1, report.sample_rate // BLOCKS_PER_SECOND))
        return ready

    def _resampled(self, block: Samples, size: int) -> Iterator[Samples]:
        self._held.append(block)
        self._held_frames += block.shape[1]
        if self._held_frames < size:
            return
        joined = np.concatenate(self._held, axis=1)
        whole = self._held_frames - self._held_frames % size
        assert self._converter is not None
        for start in range(0, whole, size):
            yield self._converter.apply(joined[:, start : start + size])
        self._held, self._held_frames = [joined[:, whole:]], self._held_frames - whole
