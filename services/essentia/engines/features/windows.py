"""Cuts a recording that arrives block by block into windows of whole seconds, of which one is held at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from antiphon_wire.errors import invalid
from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples

# A rest shorter than this is too short for tempo and key; it is shared out with the window before it.
SHORTEST_REST_SECONDS = 60
# Samples between two reports of how much was read.
TOLD_EVERY = 60 * SAMPLE_RATE
# Arrays above 32 MiB have memory of their own, by glibc's rules, which goes back to the system when they go.
SLAB_BYTES = 33 << 20


def cut(blocks: Iterable[Samples], longest_seconds: float) -> Iterator[int | tuple[Samples, bool]]:
    """Yields (samples (channels, n), whether it is the last), at least one; let each go before taking the next.

    In between it yields the number of samples read so far, about once a minute of audio.

    Args:
        blocks: (channels, n) at SAMPLE_RATE.
        longest_seconds: Longest window.

    Raises:
        AntiphonError: AUDIO_TOO_SHORT where there is no block at all.
    """
    longest = int(longest_seconds) * SAMPLE_RATE
    spare = SHORTEST_REST_SECONDS * SAMPLE_RATE
    tape = _Tape(longest)
    count = told = 0
    for block in blocks:
        tape.add(block)
        count += block.shape[1]
        if count - told >= TOLD_EVERY:
            told = count
            yield count
        while tape.held >= longest + spare:
            window = tape.take(longest)
            yield window, False
            # The name would keep the window while the next one is read.
            del window
    if not tape.begun:
        raise invalid("AUDIO_TOO_SHORT", "there is no sample of audio", seconds=0)
    # What is left is at most a window and the shortest rest: cut in two equal windows where it is more than one.
    if tape.held > longest:
        window = tape.take((tape.held // 2) // SAMPLE_RATE * SAMPLE_RATE)
        yield window, False
        del window
    yield tape.take(tape.held), True


class _Tape:
    """Audio on its way into windows, in slabs that go back to the system once they are read.

    Blocks as they come are so small that the allocator keeps what they leave behind, the more so as the last of them
    outlive a window: a window's worth of memory more, for as long as the analysis runs.

    Args:
        longest: Samples of a window; a slab is no longer.

    Attributes:
        held: Samples that were added and not taken yet.
        begun: Whether anything was added at all.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._slabs: list[Samples] = []
        self._start = self._end = 0
        self.held = 0
        self.begun = False

    def add(self, block: Samples) -> None:
        """Copies (channels, n) to the end."""
        self.begun = True
        if not self._slabs:
            self._append(len(block))
        done = 0
        while done < block.shape[1]:
            if self._end == self._slabs[-1].shape[1]:
                self._append(len(block))
            used = min(block.shape[1] - done, self._slabs[-1].shape[1] - self._end)
            self._slabs[-1][:, self._end : self._end + used] = block[:, done : done + used]
            self._end += used
            done += used
        self.held += done

    def take(self, frames: int) -> Samples:
        """Gives the first ``frames`` samples, at most ``held``, in one array; each slab is let go once it is copied."""
        window = np.empty((len(self._slabs[0]), frames), np.float32)
        done = 0
        while done < frames:
            slab = self._slabs[0]
            used = min((self._end if len(self._slabs) == 1 else slab.shape[1]) - self._start, frames - done)
            window[:, done : done + used] = slab[:, self._start : self._start + used]
            self._start += used
            done += used
            if self._start == slab.shape[1] and len(self._slabs) > 1:
                del self._slabs[0], slab
                self._start = 0
        self.held -= frames
        return window

    def _append(self, channels: int) -> None:
        frames = min(SLAB_BYTES // (4 * channels), self._longest)
        self._slabs.append(np.empty((channels, frames), np.float32))
        self._end = 0
