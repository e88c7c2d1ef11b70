"""Cuts a stream into overlapping chunks and joins what a model makes of them, in the memory of a chunk or two.

The arithmetic is that of ``demucs.apply.apply_model`` with ``split=True``: chunks at every stride, a triangular weight,
a short last chunk centred in what the model wants, with the samples before it on its left. There the whole track is
held for every stem and given out at the end; here each sample is given out once no later chunk can touch it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.separation.contract import MixLevel
from services.separation.mix.level import LevelMeter

DEVIATION_FLOOR = 1e-8
"""Added to the deviation that a mix is divided by, as demucs does; silence would divide by zero."""


@dataclass(frozen=True)
class Cut:
    """How a mix is cut for one model.

    Attributes:
        segment: Samples of a full chunk.
        stride: Samples from one chunk to the next.
        wanted: Samples that the model wants for a chunk of so many; never fewer.
        lead: Zeros that are thought before the mix, so that all chunks begin so much earlier.
    """

    segment: int
    stride: int
    wanted: Callable[[int], int]
    lead: int = 0


@dataclass(frozen=True)
class Chunk:
    """What a model is given at once.

    Attributes:
        samples: float32, ``(channels, wanted)``, level taken out; zeros where there is nothing of the mix.
        start: Position of its first sample in the mix; negative in the lead.
        length: Samples that it stands for; the model's answer is cut down to them, centred.
        level: What was taken out, and is to be put back.
    """

    samples: np.ndarray
    start: int
    length: int
    level: MixLevel


class Window:
    """The stretch of a mix that chunks still to come can want.

    Attributes:
        received: Samples of the mix so far.
        closed: Whether no more will come.
    """

    def __init__(self, channels: int) -> None:
        self._samples = np.zeros((channels, 0), np.float32)
        self._first = 0
        self.received = 0
        self.closed = False

    def push(self, samples: np.ndarray) -> None:
        """Adds float32 ``(channels, n)``."""
        self._samples = np.concatenate([self._samples, samples], axis=1)
        self.received += samples.shape[1]

    def read(self, start: int, end: int) -> np.ndarray:
        """Gives the samples from ``start`` to ``end``, as far as the mix goes; they must not have been forgotten."""
        first, last = max(start, 0), min(end, self.received)
        assert first >= self._first, "forgotten too early"
        return self._samples[:, first - self._first : max(last - self._first, 0)]

    def forget(self, before: int) -> None:
        """Lets go of what lies before that position."""
        if before > self._first:
            self._samples = self._samples[:, before - self._first :].copy()
            self._first = before


class Lane:
    """One pass of one model over a mix.

    Args:
        cut: How the mix is cut.
        window: Where the mix is read from.
        shape: Stems to be kept of an answer, and channels.
        level: Level of the whole mix; None to go by the level up to the end of each chunk. That is a matter of
            positions, not of arrivals: the same mix gives the same stems however it comes in.
    """

    def __init__(self, cut: Cut, window: Window, shape: tuple[int, int], level: MixLevel | None) -> None:
        self._cut = cut
        self._window = window
        self._level = level
        self._meter, self._metered = LevelMeter(), 0
        extra = cut.wanted(cut.segment) - cut.segment
        self._ahead = extra - extra // 2
        self._next = -cut.lead
        half = cut.segment // 2
        ramp = np.concatenate([np.arange(1, half + 1), np.arange(cut.segment - half, 0, -1)]).astype(np.float32)
        self._weight = ramp / ramp.max()
        self._sum = np.zeros((*shape, cut.segment), np.float32)
        self._weights = np.zeros(cut.segment, np.float32)
        self._joined = -cut.lead  # where the sums begin
        self._final: list[np.ndarray] = []

    @property
    def ready(self) -> int:
        """Samples that are final and were not taken yet."""
        return sum(part.shape[-1] for part in self._final)

    @property
    def reached(self) -> int:
        """Position in the mix up to which all is final."""
        return min(max(self._joined, 0), self._window.received)

    @property
    def keep(self) -> int:
        """Where that part of the mix begins which this lane may still want."""
        return max(self._next - self._cut.wanted(self._cut.segment) // 2 - 1, 0)

    def chunks(self) -> Iterator[Chunk]:
        """Cuts what can be cut now; each must be given to :meth:`join`, in this order."""
        while True:
            left = self._window.received - self._next
            if self._window.closed:
                if self._next >= self._window.received:
                    return
            elif left < self._cut.segment + self._ahead:
                return
            yield self._chunk(min(self._cut.segment, left))
            self._next += self._cut.stride

    def join(self, chunk: Chunk, answer: np.ndarray) -> None:
        """Takes a model's answer to a chunk, ``(stems, channels, chunk.length or more)``."""
        extra, length = answer.shape[-1] - chunk.length, chunk.length
        part = answer[..., extra // 2 : extra // 2 + length]
        part = part * np.float32(chunk.level.deviation + DEVIATION_FLOOR) + np.float32(chunk.level.mean)
        self._sum[..., :length] += self._weight[:length] * part
        self._weights[:length] += self._weight[:length]
        last = self._window.closed and chunk.start + self._cut.stride >= self._window.received
        count = min(self._window.received - chunk.start, self._cut.segment) if last else self._cut.stride
        self._finish(count)

    def take(self, count: int) -> np.ndarray:
        """Gives the next ``count`` final samples of the stems kept, ``(stems, channels, count)``."""
        if not count:
            return self._sum[..., :0].copy()
        parts, missing = [], count
        while missing:
            part = self._final.pop(0)
            if part.shape[-1] > missing:
                self._final.insert(0, part[..., missing:])
                part = part[..., :missing]
            parts.append(part)
            missing -= part.shape[-1]
        return np.concatenate(parts, axis=-1) if len(parts) != 1 else parts[0]

    def _chunk(self, length: int) -> Chunk:
        wanted = self._cut.wanted(length)
        start = self._next - (wanted - length) // 2
        level = self._level_at(self._next + length)
        mix = self._window.read(start, start + wanted)
        samples = np.zeros((mix.shape[0], wanted), np.float32)
        offset = max(-start, 0)
        samples[:, offset : offset + mix.shape[1]] = (mix - np.float32(level.mean)) / np.float32(
            level.deviation + DEVIATION_FLOOR
        )
        return Chunk(samples, self._next, length, level)

    def _level_at(self, end: int) -> MixLevel:
        if self._level is not None:
            return self._level
        self._meter.add(self._window.read(self._metered, end))
        self._metered = max(self._metered, end)
        return self._meter.level

    def _finish(self, count: int) -> None:
        """Gives out the first ``count`` samples of the sums, but for those in the lead, and moves the rest up."""
        final = self._sum[..., :count] / self._weights[:count]
        before = min(max(-self._joined, 0), count)
        if count > before:
            self._final.append(final[..., before:])
        self._joined += count
        rest = self._sum.shape[-1] - count
        self._sum[..., :rest] = self._sum[..., count:].copy()
        self._sum[..., rest:] = 0.0
        self._weights[:rest] = self._weights[count:].copy()
        self._weights[rest:] = 0.0
