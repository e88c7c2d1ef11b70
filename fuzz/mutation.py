"""Makes one input of another: bytes changed, cut, repeated, moved, joined with another seed."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

MOST_BYTES = 256 << 10
"""Longest input; what grows with its length is bounded elsewhere, by tests of the bounds."""
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEAD = 512
"""Half of the changes fall here: headers are short and decide the most."""


def mutated(chance: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Makes an input.

    Args:
        chance: Decides everything, so that the same state gives the same input.
        seeds: What to begin from; not empty.
        words: Pieces to put in; may be empty.

    Returns:
        At most MOST_BYTES bytes, one to eight changes away from a seed.
    """
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        _change(chance, data, seeds, words)
    return bytes(data[:MOST_BYTES])


def _change(chance: random.Random, data: bytearray, seeds: Sequence[bytes], words: Sequence[bytes]) -> None:
    at = chance.randrange(min(len(data), _HEAD) + 1) if chance.random() < 0.5 else chance.randrange(len(data) + 1)
    length = min(chance.choice((1, 2, 4, 8, 64, 1024)), len(data) - at)
    kind = chance.randrange(8)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at : at + length] = chance.randbytes(length)
    elif kind == 2:
        data[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(_NUMBERS))
    elif kind == 3:
        del data[at : at + length]
    elif kind == 4:
        data[at:at] = data[at : at + length] * chance.choice((1, 2, 16))
    elif kind == 5:
        other = chance.choice(seeds)
        begin = chance.randrange(len(other) + 1)
        data[at:at] = other[begin : begin + chance.choice((8, 64, 4096))]
    elif kind == 6 and words:
        data[at : at + chance.choice((0, length))] = chance.choice(words) * chance.choice((1, 1, 1, 3, 300))
    elif kind == 7 and chance.random() < 0.3:
        del data[at:]
