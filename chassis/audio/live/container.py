"""Decodes a container while it comes in, by libav, which pulls its bytes and comes back at their end only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, cast

import av
import av.error
from av.audio.frame import AudioFrame
from av.container import InputContainer

from chassis.audio.changes import Changes
from chassis.audio.container import CODECS, not_a_container, raise_if_out_of_memory, undecodable
from chassis.audio.frames import silence
from chassis.audio.guard import LiveGuard
from chassis.audio.headers import is_no_sound
from chassis.audio.layouts import layout_of
from chassis.audio.live.leading_tags import LeadingTags
from chassis.audio.live.reader import StreamReader
from chassis.audio.magic import LOOK_BYTES
from chassis.audio.samples import Samples
from chassis.audio.timeline import Decoded, Piece, Silence, TimeLine, origin
from chassis.audio.tracks import Picked, pick_track
from chassis.audio.wave import WaveCutter
from chassis.bridge import Bridge
from chassis.reading import Limits
from chassis.reports import SourceReport, TimeLineReport, WarningReport

CONTAINERS = (
    "mp3",
    "wav",
    "flac",
    "aac",
    "ogg",
    "matroska",
    "caf",
    "au",
    "ac3",
    "eac3",
    "mpegts",
    "loas",
    "tta",
    "amr",
)
"""FFmpeg's demuxers that can be read from front to back; m4a keeps its index at the end more often than not."""
PROBE_BYTES = 8192
"""What libav may look at to tell the container; its own 5 MB would be minutes of speech."""
READ_BYTES = 4096
MAX_BAD_PACKETS = 100
"""In a row: a stream of which nothing more can be decoded ends."""
MAX_HOLE_SECONDS = 300.0
"""Of a stream the silence is made at once, in memory, whatever follows."""
SILENCE_SECONDS = 1

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

    def __init__(self, limits: Limits, track: int | None = None) -> None:
        self._limits = limits
        self._track = track
        self._picked: Picked | None = None
        self._name = ""
        self._container: InputContainer | None = None
        self._line: TimeLine | None = None
        self._changes: Changes | None = None
        self._assumed: tuple[WarningReport, ...] = ()
        self._tags = LeadingTags()
        self._guard = LiveGuard()
        self._wave = WaveCutter()
        self._bridge: Bridge[bytes, None] = Bridge(self._decode, "live-decoder")
        # What was decoded since it was asked for. It lies here, and is not given over the bridge frame by frame: libav
        # makes dozens of a piece, and each would cost two changes of thread. Only the side that has the turn looks.
        self._blocks: list[Samples] = []
        self._start = b""
        self.report: SourceReport | None = None
        self.layout: tuple[str, ...] | None = None
        self.bad_packets = 0

    def feed(self, data: bytes) -> list[Samples]:
        """Takes the next bytes; returns the blocks ``(channels, n)`` that can be decoded now.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT,
                AUDIO_TOO_COMPLEX, AUDIO_TRACK, AUDIO_TOO_LONG.
        """
        # A tag that claims too much is refused, though libav never sees one.
        self._guard.feed(data)
        return self._untagged(rest) if (rest := self._tags.feed(data)) else []

    def _untagged(self, data: bytes) -> list[Samples]:
        self._start += data[: LOOK_BYTES - len(self._start)]
        return self._after(self._bridge.push(data)) if (data := self._wave.feed(data)) else []

    def finish(self) -> list[Samples]:
        """Takes the end of the stream; returns what was still held. Raises as :meth:`feed`."""
        # What is shorter than the head of a tag.
        blocks = self._untagged(rest) if (rest := self._tags.finish()) else []
        if not self._start:
            return blocks
        held = self._wave.finish()
        return blocks + (self._after(self._bridge.push(held)) if held else []) + self._after(self._bridge.finish())

    @property
    def late_frames(self) -> int:
        """Frames of silence in front of the first sound."""
        return 0 if self._line is None else self._line.findings.late_frames

    @property
    def time_line(self) -> TimeLineReport:
        """Late start and holes, as far as the stream has come."""
        return TimeLineReport() if self._line is None else self._line.findings.report()

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """What there is to say of tracks, time line, loudspeakers and format, as far as the stream has come."""
        found = () if self._picked is None else self._picked.warnings
        if self._line is None or self._changes is None:
            return found
        return (*found, *self._line.findings.warnings(), *self._assumed, *self._changes.warnings)

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
        try:
            self._follow(self._files(StreamReader(pieces)))
        except av.error.FFmpegError as error:
            raise_if_out_of_memory(error)
            raise not_a_container(error, self._start) from error

    def _follow(self, decoded: Iterator[Decoded]) -> None:
        first = next(decoded, None)
        if first is None:
            return
        self._read_format(first.frame)
        assert self.report is not None
        rate, channels = self.report.sample_rate, self.report.channels
        self._changes = changes = Changes(rate, channels, self.layout, self._limits.check_format)
        assert self._container is not None
        assert self._picked is not None
        began = origin(self._container, self._picked.stream, first.frame)
        self._line = line = TimeLine(rate, began, self._check_length, MAX_HOLE_SECONDS)
        self._take(line.start(first.frame))
        for item in line.through(chain([first], decoded)):
            self._take(item)
        self._blocks += changes.finish()

    def _files(self, reader: StreamReader) -> Iterator[Decoded]:
        """Yields what decodes of the stream, or of each of those that were joined in it."""
        clock = 0
        while True:
            # No seek and no tell: libav must take the stream as it comes.
            with av.open(
                cast(Any, reader), "r", container_options=_OPTIONS, metadata_errors="replace", buffer_size=READ_BYTES
            ) as container:
                picked = pick_track(container, self._track)
                if clock == 0:
                    self._container, self._name, self._picked = container, container.format.name, picked
                yield from self._decoded(container, picked, clock)
            if not reader.advance():
                return
            clock += 1

    def _decoded(self, container: InputContainer, picked: Picked, clock: int) -> Iterator[Decoded]:
        bad_in_a_row = 0
        in_pages = container.format.name == "ogg"
        for packet in container.demux(picked.stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                raise_if_out_of_memory(error)
                if packet.size and not is_no_sound(bytes(packet)):
                    self.bad_packets += 1
                    bad_in_a_row += 1
                    if bad_in_a_row >= MAX_BAD_PACKETS:
                        raise undecodable(f"{bad_in_a_row} packets in a row were damaged") from None
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples:
                    bad_in_a_row = 0
                    yield Decoded(frame, page=packet.pos if in_pages else None, clock=clock)

    def _read_format(self, first: AudioFrame) -> None:
        picked = self._picked
        assert picked is not None
        rate, channels = first.sample_rate, first.layout.nb_channels
        self._limits.check_format(rate, channels)
        codec = picked.stream.codec_context.codec.name
        name = self._wave.container or self._name
        self.report = SourceReport(name, codec, rate, channels, track=picked.index, track_count=picked.count)
        self.layout, self._assumed = layout_of(first)

    def _check_length(self, frames: int) -> None:
        assert self.report is not None
        if frames > self._limits.max_seconds * self.report.sample_rate:
            raise self._limits.too_long(frames / self.report.sample_rate, "its time stamps")

    def _take(self, item: Piece | Silence | None) -> None:
        assert self.report is not None
        assert self._changes is not None
        if isinstance(item, Silence):
            self._blocks += self._changes.silence(item.frames)
            # In parts: what follows works on one at a time.
            self._blocks += silence(self.report.channels, item.frames, SILENCE_SECONDS * self.report.sample_rate)
        elif item is not None:
            self._blocks += self._changes.fit(item)
