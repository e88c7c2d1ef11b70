"""The time line of a file: where its sound begins, where none is stored, and where two pieces claim the same time."""

from chassis.audio.timeline.line import TimeLine
from chassis.audio.timeline.origin import Origin, origin
from chassis.audio.timeline.pieces import Decoded, Piece, Silence

__all__ = ["Decoded", "Origin", "Piece", "Silence", "TimeLine", "origin"]
