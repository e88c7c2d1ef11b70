"""One pass of libav over an uploaded file, from packets to float32 blocks.

Where the sound comes back: the delay that an encoder adds at the start is removed where the container tells it (mp3
with a Xing or Info header, m4a with an edit list, Opus, Vorbis, webm): the first sample out is the first that went in.
ADTS (.aac) and mp3 without that header do not tell it: about 1,024 and 1,105 samples of silence stay in front. The
padding at the end is removed where the container gives the length: always for wav, aiff and flac, to the sample for
the ones named above. What is damaged is left out, not replaced: the sound behind it comes earlier by that much.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from antiphon_wire.errors import invalid
from chassis.audio import headers
from chassis.audio.budget import Budget
from chassis.audio.container import (
    GuardedFile,
    open_container,
    pick_stream,
    raise_if_out_of_memory,
    spooled,
    undecodable,
)
from chassis.audio.damage import Damage
from chassis.audio.frames import join, to_samples
from chassis.audio.guard import guard_file
from chassis.audio.samples import Samples
from chassis.reading import Limits
from chassis.reports import SourceReport, WarningReport

GATHER_FRAMES = 65536
MAX_PADDING_FRAMES = 4096
"""Two frames of HE-AAC, the longest in use: what goes beyond the promised length by more is no padding."""
PACKETS_PER_CHECK = 256


class LibavStream:
    """One pass over a file in a container.

    The first frame is decoded on construction, so that ``report`` is what the decoder gives and not what a header says.

    Args:
        path: The file; its name is not looked at.
        limits: Bounds; the stored format is checked before anything is decoded.
        budget: Checked at every read and every 256 packets.

    Raises:
        AntiphonError: AUDIO_EMPTY, AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_CHANNEL_COUNT, AUDIO_SAMPLE_RATE,
            AUDIO_TOO_LONG, AUDIO_TOO_COMPLEX.
    """

    def __init__(self, path: Path, limits: Limits, budget: Budget) -> None:
        self._limits = limits
        self._budget = budget
        self._file = spooled(path)
        try:
            guard_file(self._file, budget.check)
            self._riff = headers.read_riff(self._file)
            self._check_riff(limits)
            self._xing = headers.mp3_counts_frames(self._file)
            self._file.seek(0)
            self._guarded = GuardedFile(self._file, budget.check)
            self._container = open_container(self._guarded)
        except BaseException:
            self._file.close()
            raise
        try:
            self._open_stream()
        except BaseException:
            self.close()
            raise

    def _check_riff(self, limits: Limits) -> None:
        if self._riff is None:
            return
        if self._riff.channels is not None and self._riff.sample_rate is not None:
            limits.check_format(self._riff.sample_rate, self._riff.channels)

    def _open_stream(self) -> None:
        self._stream = pick_stream(self._container)
        context = self._stream.codec_context
        self._limits.check_format(context.sample_rate or 0, context.layout.nb_channels)
        self._name = self._container.format.name
        self.claimed_seconds = self._read_claim()
        self.warnings: list[WarningReport] = []
        self._damage = Damage(counts_time=self._name in ("flac", "ogg"))
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            promised = self._promise(context.sample_rate or 0) or (self._riff is not None and self._riff.data_bytes)
            if self._damage.packets == 0 and not promised:
                raise invalid("AUDIO_EMPTY", "the audio holds no samples", container=self._name)
            raise undecodable("nothing in it could be decoded", container=self._name, codec=context.codec.name)
        self._first = first
        self._limits.check_format(first.sample_rate, first.layout.nb_channels)
        self.report = SourceReport(self._name, context.codec.name, first.sample_rate, first.layout.nb_channels)
        names = tuple(channel.name for channel in first.layout.channels)
        self.layout = names if len(names) == first.layout.nb_channels else None
        promised = self._promise(first.sample_rate)
        if promised is not None and promised > self._limits.max_seconds * first.sample_rate:
            raise self._limits.too_long(promised / first.sample_rate, "its header")

    def _read_claim(self) -> float | None:
        stream, container = self._stream, self._container
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration is not None else None

    def _promise(self, sample_rate: int) -> int | None:
        """Frames that the header promises; None where libav's number is an estimate, or the file's own size."""
        exact = self._name in ("flac", "aiff") or self._name.startswith(("mov", "matroska"))
        if self.claimed_seconds is None or not (exact or (self._name == "mp3" and self._xing)):
            return None
        return round(self.claimed_seconds * sample_rate)

    def blocks(self) -> Iterator[Samples]:
        """Yields (channels, n) blocks in order; once the last is out, ``warnings`` is complete.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE where more than isolated packets are damaged.
        """
        held: list[Samples] = []
        count = 0
        for part in self._without_padding():
            held.append(part)
            count += part.shape[1]
            if count >= GATHER_FRAMES:
                yield join(held)
                held, count = [], 0
        if count:
            yield join(held)
        self._conclude()

    def _without_padding(self) -> Iterator[Samples]:
        """Drops what a last AAC frame holds beyond the length in the m4a header: libav leaves it in."""
        promised = self._promise(self.report.sample_rate) if self._name.startswith("mov") else None
        beyond: list[Samples] = []
        position = 0
        for samples in self._matching():
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

    def _matching(self) -> Iterator[Samples]:
        yield to_samples(self._first)
        for frame in self._frames:
            if (frame.sample_rate, frame.layout.nb_channels) == (self.report.sample_rate, self.report.channels):
                yield to_samples(frame)
            else:
                self._damage.count_changed()

    def _decode(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            if self._damage.packets % PACKETS_PER_CHECK == 0:
                self._budget.check()
            # libav's last packet is empty and asks the decoder for what it still holds.
            asks = packet.size == 0
            if not asks:
                self._damage.count_packet()
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                raise_if_out_of_memory(error)
                if not asks:
                    self._damage.count_bad()
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples:
                    self._damage.count_frame(frame)
                    yield frame

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self._guarded.rethrow()
                raise_if_out_of_memory(error)
                self._damage.count_bad()
                return
            self._guarded.rethrow()
            if packet is None:
                return
            yield packet

    def _conclude(self) -> None:
        rate = self.report.sample_rate
        unfinished = ""
        riff = self._riff
        if riff is not None and riff.data_bytes is not None and riff.stored_bytes is not None:
            if riff.stored_bytes < riff.data_bytes:
                unfinished = f"the header promises {riff.data_bytes} bytes of samples, {riff.stored_bytes} are there"
        elif self._name == "ogg" and not headers.ogg_is_finished(self._file):
            unfinished = "its last page is not marked as the last"
        self.warnings = self._damage.conclude(rate, self._promise(rate), self._slack(), unfinished)

    def _slack(self) -> int:
        if self._name.startswith("matroska"):
            return self.report.sample_rate // 10
        return 0 if self._name in ("flac", "aiff") else MAX_PADDING_FRAMES

    def close(self) -> None:
        """Closes the container and the file."""
        self._container.close()
        self._file.close()
