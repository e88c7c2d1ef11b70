"""Cuts a recording that arrives block by block into windows of whole seconds, of which one is held at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from chassis.errors import invalid
from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples

# A rest shorter than this is too short for tempo and key; it is shared out with the window before it.
SHORTEST_REST_SECONDS = 60
TOLD_EVERY = 60 * SAMPLE_RATE


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
    parts: list[Samples] = []
    held = count = told = 0
    for block in blocks:
        parts.append(block)
        held += block.shape[1]
        count += block.shape[1]
        if count - told >= TOLD_EVERY:
            told = count
            yield count
        while held >= longest + spare:
            window, parts = _take(parts, longest)
            held -= longest
            yield window, False
            del window
    if not parts:
        raise invalid("AUDIO_TOO_SHORT", "there is no sample of audio", seconds=0)
    if held > longest:
        half = (held // 2) // SAMPLE_RATE * SAMPLE_RATE
        window, parts = _take(parts, half)
        yield window, False
        del window
        held -= half
    window, parts = _take(parts, held)
    yield window, True


def _take(parts: list[Samples], frames: int) -> tuple[Samples, list[Samples]]:
    """The first ``frames`` samples in one array, and what is left."""
    window = np.empty((len(parts[0]), frames), np.float32)
    position = 0
    # From the front, each part let go once copied: the audio is not held twice.
    parts.reverse()
    while position < frames:
        part = parts.pop()
        used = min(part.shape[1], frames - position)
        window[:, position : position + used] = part[:, :used]
        position += used
        if used < part.shape[1]:
            parts.append(part[:, used:].copy())
    parts.reverse()
    return window, parts
