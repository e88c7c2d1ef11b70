"""Cuts speech into the stretches whose voices are compared."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.speech.speakers.mel import FRAMES_PER_SECOND
from services.speech.speakers.network import BATCH, WIDTH, VoiceEncoder

SECONDS = 1.6
"""Length of a stretch, as the network was trained with."""
HOP_SECONDS = 0.4
LEAST_SECONDS = 0.4
"""Speech by itself that is shorter has no stretch of its own."""
JOINED_SECONDS = 0.3
"""Shorter pauses do not part speech."""
LEVEL = 0.39
"""Mel power, of all bands, that each stretch is brought to: that of speech at -30 dB, as in training. How near somebody
was to the microphone tells no speaker."""

Floats = NDArray[np.float32]
Span = tuple[float, float]


@dataclass(frozen=True)
class Stretches:
    """Parts of a recording with a direction of each.

    Attributes:
        spans: Start and end in seconds, (n, 2), in order of their starts.
        embeddings: (n, WIDTH).
    """

    spans: NDArray[np.float64]
    embeddings: Floats


def parts(spoken: Sequence[Span]) -> list[Span]:
    """Joins spans of speech (s), given in order, whose pauses are short."""
    joined: list[Span] = []
    for start, end in spoken:
        if joined and start - joined[-1][1] < JOINED_SECONDS:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def cut(spoken: Sequence[Span]) -> list[Span]:
    """Cuts speech (s) into stretches of SECONDS every HOP_SECONDS, the last up to the end; shorter parts are one."""
    found: list[Span] = []
    for start, end in parts(spoken):
        if end - start < LEAST_SECONDS:
            continue
        last = max(start, end - SECONDS)
        starts = [*np.arange(start, last, HOP_SECONDS), last]
        found += [(float(first), min(float(first) + SECONDS, end)) for first in starts]
    return found


def embedded(
    power: Floats, spans: Sequence[Span], network: VoiceEncoder, checkpoint: Callable[[], None]
) -> Generator[float, None, Stretches]:
    """Has the network hear stretches of a recording; yields the share of them that it has heard, and gives them.

    Args:
        power: Mel power of all of it, (frames, BANDS).
        spans: Of the stretches, in seconds.
        network: The voice encoder.
        checkpoint: Called between its steps; may raise to end it.
    """
    found: list[tuple[Span, Floats]] = []
    by_frames: dict[int, list[tuple[Span, Floats]]] = {}
    for start, end in spans:
        first = round(start * FRAMES_PER_SECOND)
        piece = power[first : first + max(1, round((end - start) * FRAMES_PER_SECOND))]
        if len(piece) and (mean := float(piece.sum(1).mean())) > 0:
            by_frames.setdefault(len(piece), []).append(((start, end), piece / np.float32(mean)))
    done, batches = 0, [each[at : at + BATCH] for each in by_frames.values() for at in range(0, len(each), BATCH)]
    for batch in batches:
        heard = network.embed(np.stack([piece for _, piece in batch]) * np.float32(LEVEL), checkpoint)
        found += [(span, direction) for (span, _), direction in zip(batch, heard, strict=True) if direction.any()]
        done += len(batch)
        yield done / len(spans)
    found.sort(key=lambda each: each[0])
    return Stretches(
        np.array([span for span, _ in found]).reshape(-1, 2),
        np.stack([direction for _, direction in found]) if found else np.empty((0, WIDTH), np.float32),
    )
