"""What an encoder adds behind the end to fill its last frame."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.audio.frames import join
from chassis.audio.promise import MAX_PADDING_FRAMES
from chassis.audio.samples import Samples


def without_padding(parts: Iterator[Samples], promised: int | None) -> Iterator[Samples]:
    """Drops what a last AAC frame holds beyond the length in the m4a header: libav leaves it in.

    Args:
        parts: (channels, n) each.
        promised: The length in frames; None where none is told, and nothing is dropped.
    """
    beyond: list[Samples] = []
    position = 0
    for samples in parts:
        start, position = position, position + samples.shape[1]
        if promised is None or position <= promised:
            yield samples
            continue
        keep = max(0, promised - start)
        if keep:
            yield samples[:, :keep]
        beyond.append(samples[:, keep:])
        if position - promised > MAX_PADDING_FRAMES:
            yield join(beyond)
            beyond, promised = [], None
