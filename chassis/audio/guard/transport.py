"""The packets of MPEG transport streams: libav keeps 200 KB for each of the 8192 streams that one may have."""

from __future__ import annotations

import numpy as np

from chassis.audio.guard.claims import Claims, Walk, too_complex

SYNC = 0x47
SIZES = (188, 192, 204)
"""Bytes of a packet: plain, with a time in front (Blu-ray), with a check behind (broadcast)."""
MAX_STREAMS = 256
"""A whole broadcast channel has fewer."""
_READ_PACKETS = 64
TOLD_BY_PACKETS = 5
TRANSPORT_LOOK_BYTES = SIZES[-1] * TOLD_BY_PACKETS
"""Enough to tell whether a file is a transport stream."""
_LOOK_BYTES = 1 << 16
"""How far libav, too, looks for the next packet."""


def walk_transport(claims: Claims, first: bytes = b"") -> Walk:
    """Walks over the packets of a stream of which some bytes were read; ends where none are found.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    seen = np.zeros(8192, bool)
    held = first
    while True:
        wanted = SIZES[-1] * 3 if not seen.any() else _LOOK_BYTES
        if len(held) < wanted:
            held += yield wanted - len(held)
        place, size = find_packets(held)
        if not size:
            return
        claims.count("places where packets begin")
        held = held[place:]
        while True:
            good = _packets(held, size, seen)
            held = held[good * size :]
            if len(held) >= size:
                break
            more = yield size * _READ_PACKETS
            if not more:
                return
            held += more


def find_packets(data: bytes, packets: int = 3) -> tuple[int, int]:
    """Tells where so many packets follow one another, and the bytes of each; 0 where they do not."""
    sync = np.frombuffer(data, np.uint8) == SYNC
    found = []
    for size in SIZES:
        last = len(sync) - size * (packets - 1)
        if last > 0:
            all_in_step = np.logical_and.reduce([sync[index * size : index * size + last] for index in range(packets)])
            found += [(int(place), size) for place in np.flatnonzero(all_in_step)[:1]]
    return min(found, default=(0, 0))


def begins_transport(data: bytes) -> bool:
    """Tells whether packets follow one another from the first byte on, or from behind a time of four."""
    place, size = find_packets(data, TOLD_BY_PACKETS)
    return place == size - 188 if size == 192 else size > 0 and place == 0


def last_packets_end(data: bytes, packets: int = 3) -> int:
    """Tells where the last of so many packets that follow one another ends; 0 where there are none."""
    sync = np.frombuffer(data, np.uint8) == SYNC
    ends = [0]
    for size in SIZES:
        # What stands in front of the sync byte belongs to the packet before it, or is its own time.
        body = min(size, SIZES[0])
        last = len(sync) - size * (packets - 1) - body + 1
        if last > 0:
            steps = np.logical_and.reduce([sync[index * size : index * size + last] for index in range(packets)])
            ends += [int(place) + size * (packets - 1) + body for place in np.flatnonzero(steps)[-1:]]
    return max(ends)


def _packets(held: bytes, size: int, seen: np.ndarray) -> int:
    """Takes down which streams the packets at the start are of; gives their number."""
    packets = np.frombuffer(held, np.uint8, len(held) - len(held) % size).reshape(-1, size)
    in_step = packets[:, 0] == SYNC
    count = len(packets) if in_step.all() else int(np.argmin(in_step))
    seen[(packets[:count, 1] & 0x1F).astype(np.intp) << 8 | packets[:count, 2]] = True
    if (streams := int(seen.sum())) > MAX_STREAMS:
        raise too_complex("streams", streams, MAX_STREAMS)
    return count
