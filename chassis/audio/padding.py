"""What an encoder adds behind the end to fill its last frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chassis.audio.frames import join
from chassis.audio.promise import MAX_PADDING_FRAMES
from chassis.audio.samples import Samples


def without_padding(parts: Iterator[Samples], lengths: Sequence[int]) -> Iterator[Samples]:
    """Drops what a last AAC frame holds beyond the length in the m4a header: libav leaves it in.

    Args:
        parts: (channels, n) each.
        lengths: What the length may be, in frames: the longest of them that the parts reach; none where none is told.
    """
    held: list[Samples] = []
    position = 0
    for samples in parts:
        position += samples.shape[1]
        held.append(samples)
        beyond = position - max((length for length in lengths if 0 < length <= position), default=position + 1)
        if not 0 <= beyond <= MAX_PADDING_FRAMES:
            yield from held
            held = []
            continue
        joined = join(held)
        keep = joined.shape[1] - beyond
        if keep > 0:
            yield joined[:, :keep]
        held = [joined[:, max(0, keep) :]]
