"""The packets of one track, as the demuxer finds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from chassis.audio.container import GuardedFile, raise_if_out_of_memory
from chassis.audio.damage import Damage
from chassis.audio.promise import Promise


def packets(
    container: InputContainer, stream: AudioStream, guarded: GuardedFile, damage: Damage, promise: Promise
) -> Iterator[Packet[AudioStream]]:
    """Yields the track's packets in order, the last of them empty; ends where the demuxer refuses what follows.

    Args:
        container: The open file.
        stream: The track.
        guarded: The file as libav reads it; what stopped the reading is raised.
        damage: Told of the refusal.
        promise: Told how far the other tracks go, where the length that is promised is the file's.
    """
    wanted = tuple(container.streams) if promise.of_file else (stream,)
    found: Iterator[Packet[Any]] = container.demux(*wanted)
    while True:
        try:
            packet = next(found, None)
        except av.error.FFmpegError as error:
            guarded.rethrow()
            raise_if_out_of_memory(error)
            damage.count_bad()
            return
        guarded.rethrow()
        if packet is None:
            return
        if packet.stream_index == stream.index:
            yield packet
        else:
            promise.note(packet)
