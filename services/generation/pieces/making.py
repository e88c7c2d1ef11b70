"""Makes the pieces of an order with a loaded model, and hands on their encoded bytes as they grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chassis.audio import Track
from chassis.audio.finite import check_finite
from chassis.encodings import Encoding
from chassis.reports import ProgressReport
from services.generation.contract import MAX_BLOCK_BYTES, Generator, Order, PieceBlock, PieceReport

if TYPE_CHECKING:
    import numpy as np

_STEP = "generating"


class Pieces:
    """The pieces of one order.

    Args:
        generator: The model that makes them.
        order: What to make.
        encoding: How to encode the pieces.
        sample_rate: Rate of the pieces (Hz); None for the model's own.

    Attributes:
        sample_rate: Rate of the pieces (Hz).
        frames: Samples of each channel that a piece will have, at that rate.
        clip_frames: How many of them, at the beginning, render the clip.
    """

    def __init__(self, generator: Generator, order: Order, encoding: Encoding, sample_rate: int | None) -> None:
        self._generator = generator
        self._order = order
        self.sample_rate = sample_rate or generator.sample_rate
        heard = 0 if order.continuation is None else order.continuation.shape[1]
        counts = generator.frame_counts(order.seconds, heard, order.include_clip)
        # The model counts at its own rate, the pieces may have another.
        self.frames, self.clip_frames = (round(count * self.sample_rate / generator.sample_rate) for count in counts)
        self._tracks = [
            Track(encoding, generator.sample_rate, self.sample_rate, generator.channels, MAX_BLOCK_BYTES)
            for _ in order.prompts
        ]

    def make(self, checkpoint: Callable[[], None]) -> Iterator[PieceBlock | ProgressReport]:
        """Yields the bytes of all pieces as they grow, and progress that counts the new audio of a piece.

        Args:
            checkpoint: Called before each step of the model; what it raises ends the generation.

        Raises:
            AntiphonError: what the model raises.
        """
        yield ProgressReport(0.0, 0.0, _STEP)
        done = 0.0
        for block in self._generator.generate(self._order, checkpoint):
            yield from self._encoded(block.samples)
            if block.seconds > done:
                done = block.seconds
                yield ProgressReport(min(done / self._order.seconds, 1.0), done, _STEP)
        for piece, track in enumerate(self._tracks):
            yield from (PieceBlock(piece, *part) for part in track.finish())
        yield ProgressReport(1.0, done, _STEP)

    def report(self) -> tuple[PieceReport, ...]:
        """Tells what was sent of each piece; complete once :meth:`make` has ended."""
        return tuple(
            PieceReport(
                piece=piece,
                prompt=self._order.prompts[piece],
                seed=self._order.seeds[piece],
                frames=track.frames,
                clip_frames=self.clip_frames,
                sample_rate=track.sample_rate,
                channels=track.channels,
                encoding=track.encoding,
                byte_count=track.byte_count,
                sha256=track.sha256,
                peak=track.peak,
                rms_dbfs=track.rms_dbfs,
                clipped=track.clipped,
                patches=track.patches,
            )
            for piece, track in enumerate(self._tracks)
        )

    def _encoded(self, samples: np.ndarray) -> Iterator[PieceBlock]:
        """Yields what is ready of a block ``(pieces, channels, n)``."""
        check_finite(samples, "a piece")
        for piece, (track, own) in enumerate(zip(self._tracks, samples, strict=True)):
            yield from (PieceBlock(piece, *part) for part in track.add(own))
