"""Decodes a container while it comes in, by libav, which pulls its bytes and comes back at their end only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import av
import av.error
from av.audio.frame import AudioFrame
from av.container import InputContainer

from chassis.audio.container import CODECS, pick_stream, raise_if_out_of_memory, undecodable
from chassis.audio.frames import to_samples
from chassis.audio.guard import LiveGuard
from chassis.audio.samples import Samples
from chassis.bridge import Bridge, Closed
from chassis.reading import Limits
from chassis.reports import SourceReport

CONTAINERS = ("mp3", "wav", "flac", "aac", "ogg", "matroska")
"""FFmpeg's demuxers that can be read from front to back; m4a keeps its index at the end more often than not."""
PROBE_BYTES = 8192
"""What libav may look at to tell the container; its own 5 MB would be minutes of speech."""
READ_BYTES = 4096
MAX_BAD_PACKETS = 100
"""In a row: a stream of which nothing more can be decoded ends."""

_OPTIONS = {
    "format_whitelist": ",".join(CONTAINERS),
    "codec_whitelist": ",".join(CODECS),
    "protocol_whitelist": "",
    "probesize": str(PROBE_BYTES),
    "analyzeduration": "0",
}


class ContainerDecoder:
    """libav on the far side of a bridge, where it decodes while :meth:`feed` or :meth:`finish` waits for it.

    Attributes:
        report: What the stream is; None until its first frame was decoded.
        layout: Names of the channels, as libav gives them; None where they are not all named, or not known yet.
        bad_packets: Packets that could not be decoded and were left out.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._guard = LiveGuard()
        self._bridge: Bridge[bytes, None] = Bridge(self._decode, "live-decoder")
        # What was decoded since it was asked for. It lies here, and is not given over the bridge frame by frame: libav
        # makes dozens of a piece, and each would cost two changes of thread. Only the side that has the turn looks.
        self._blocks: list[Samples] = []
        self._fed = False
        self.report: SourceReport | None = None
        self.layout: tuple[str, ...] | None = None
        self.bad_packets = 0

    def feed(self, data: bytes) -> list[Samples]:
        """Takes the next bytes; returns the blocks ``(channels, n)`` that can be decoded now.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT,
                AUDIO_TOO_COMPLEX.
        """
        if not data:
            return []
        self._guard.feed(data)
        self._fed = True
        return self._after(self._bridge.push(data))

    def finish(self) -> list[Samples]:
        """Takes the end of the stream; returns what was still held. Raises as :meth:`feed`."""
        return self._after(self._bridge.finish()) if self._fed else []

    def close(self) -> None:
        """Gives up what is under way; a second call does nothing."""
        self._bridge.close()

    def _after(self, work: Iterator[None]) -> list[Samples]:
        for _ in work:
            pass
        blocks, self._blocks = self._blocks, []
        return blocks

    # From here on libav's side has the turn.

    def _decode(self, pieces: Iterator[bytes], give: Callable[[None], None]) -> None:
        # No seek and no tell: libav must take the stream as it comes.
        file = cast(Any, _Reader(pieces))
        try:
            with av.open(
                file, "r", container_options=_OPTIONS, metadata_errors="replace", buffer_size=READ_BYTES
            ) as container:
                self._decode_packets(container)
        except av.error.FFmpegError as error:
            raise_if_out_of_memory(error)
            raise undecodable(error.strerror or type(error).__name__) from error

    def _decode_packets(self, container: InputContainer) -> None:
        stream = pick_stream(container)
        bad_in_a_row = 0
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                raise_if_out_of_memory(error)
                if packet.size:
                    self.bad_packets += 1
                    bad_in_a_row += 1
                    if bad_in_a_row >= MAX_BAD_PACKETS:
                        raise undecodable(f"{bad_in_a_row} packets in a row were damaged") from None
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples:
                    bad_in_a_row = 0
                    self._take(container.format.name, stream.codec_context.codec.name, frame)

    def _take(self, container: str, codec: str, frame: AudioFrame) -> None:
        rate, channels = frame.sample_rate, frame.layout.nb_channels
        if self.report is None:
            self._limits.check_format(rate, channels)
            self.report = SourceReport(container, codec, rate, channels)
            names = tuple(channel.name for channel in frame.layout.channels)
            self.layout = names if len(names) == channels else None
        if (rate, channels) != (self.report.sample_rate, self.report.channels):
            raise undecodable(
                f"the stream changes from {self.report.sample_rate} Hz with {self.report.channels} channels "
                f"to {rate} Hz with {channels}"
            )
        self._blocks.append(to_samples(frame))


class _Reader:
    """A file to libav: the pieces one after the other, in whatever sizes it asks for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Gives at most ``size`` bytes, none at the end; waits for them on the bridge."""
        if not self._rest:
            try:
                self._rest = memoryview(next(self._pieces, b""))
            except Closed:
                # libav calls this from C, which knows no BaseException: to it, nobody there is the end of the stream.
                return b""
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)
