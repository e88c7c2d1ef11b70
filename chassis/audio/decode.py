"""One pass of libav over an uploaded file, from packets to float32 blocks.

Where the sound comes back: the delay that an encoder adds at the start is removed where the container tells it (mp3
with a Xing or Info header, m4a with an edit list, Opus, Vorbis, webm): the first sample out is the first that went in.
ADTS (.aac) and mp3 without that header do not tell it: about 1,024 and 1,105 samples of silence stay in front. The
padding at the end is removed where the container gives the length: always for wav, aiff and flac, to the sample for
the ones named above.

Where the container has a clock (m4a, webm, Ogg, FLAC, MPEG-TS) the samples are on its time line: what is damaged, or
was never written, is silence; see timeline/. In the others (mp3, ADTS, wav, aiff) what is damaged is left out, and the
sound behind it comes earlier by that much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import av.error
from av.audio.frame import AudioFrame

from antiphon_wire.errors import AntiphonError, invalid
from chassis.audio import headers
from chassis.audio.budget import Budget
from chassis.audio.chained import Chained, unreadable
from chassis.audio.changes import Changes
from chassis.audio.container import raise_if_out_of_memory, spooled, undecodable
from chassis.audio.damage import Damage
from chassis.audio.ends import missing, sound_of
from chassis.audio.frames import join, silence
from chassis.audio.guard import guard_file
from chassis.audio.layouts import layout_of
from chassis.audio.opened import Readable
from chassis.audio.packets import packets
from chassis.audio.padding import without_padding
from chassis.audio.promise import Promise
from chassis.audio.samples import Samples
from chassis.audio.timeline import Decoded, Piece, TimeLine, origin
from chassis.audio.wave import open_wave
from chassis.reading import Limits
from chassis.reports import SourceReport, TimeLineReport, WarningReport

GATHER_FRAMES = 65536
PACKETS_PER_CHECK = 256


class LibavStream:
    """One pass over a file in a container.

    The first frame is decoded on construction, so that ``report`` is what the decoder gives and not what a header says.

    Args:
        path: The file; its name is not looked at.
        limits: Bounds; the stored format is checked before anything is decoded.
        budget: Checked at every read and every 256 packets.
        track: Which audio track, from 0; None for the default one.

    Raises:
        AntiphonError: AUDIO_EMPTY, AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_CHANNEL_COUNT, AUDIO_SAMPLE_RATE,
            AUDIO_TOO_LONG, AUDIO_TOO_COMPLEX, AUDIO_TRACK.
    """

    def __init__(self, path: Readable, limits: Limits, budget: Budget, track: int | None = None) -> None:
        self._limits = limits
        self._budget = budget
        self._file = spooled(path)
        try:
            self._sound = sound_of(self._file)
            guard_file(self._sound, budget.check)
            self._wave = open_wave(self._sound)
            if self._wave is not None:
                limits.check_format(self._wave.wave.sample_rate, self._wave.wave.channels)
            self._xing = headers.mp3_counts_frames(self._sound)
            self._sound.seek(0)
            shown = self._sound if self._wave is None else self._wave.file
            self._chain = Chained(shown, budget.check, track)
        except BaseException:
            self._file.close()
            raise
        try:
            self._open_stream()
        except BaseException:
            self.close()
            raise

    def _open_stream(self) -> None:
        self._track, container = self._chain.picked, self._chain.container
        context = self._track.stream.codec_context
        self._limits.check_format(context.sample_rate or 0, context.layout.nb_channels)
        self._name = container.format.name if self._wave is None else self._wave.wave.container
        self._promise = Promise(container, self._track.stream, self._xing)
        self.warnings: list[WarningReport] = []
        self._damage = Damage()
        self._page_lost = False
        decoded = self._decode()
        first = next(decoded, None)
        if first is None:
            told = self._promise.frames(context.sample_rate or 0) or (
                self._wave is not None and self._wave.wave.data_bytes
            )
            if not (self._damage.packets or told):
                raise invalid("AUDIO_EMPTY", "the audio holds no samples", container=self._name)
            raise undecodable("nothing in it could be decoded", container=self._name, codec=context.codec.name)
        self._decoded = chain([first], decoded)
        report = self._read_format(first.frame)
        self._changes = Changes(report.sample_rate, report.channels, self.layout, self._limits.check_format)
        began = origin(container, self._track.stream, first.frame)
        self._line = TimeLine(report.sample_rate, began, self._check_length)
        self._lead = self._line.start(first.frame)
        self.report: SourceReport = replace(report, time_line=self.time_line)

    def _read_format(self, first: AudioFrame) -> SourceReport:
        rate, channels = first.sample_rate, first.layout.nb_channels
        self._limits.check_format(rate, channels)
        self._rate = rate
        self.layout, self._assumed = layout_of(first)
        promised = self._promise.frames(rate)
        if promised is not None and (len(self._chain.container.streams) == 1 or not self._promise.of_file):
            self._check_length(promised, "its header")
        codec, track = self._track.stream.codec_context.codec.name, self._track
        return SourceReport(self._name, codec, rate, channels, track=track.index, track_count=track.count)

    def _check_length(self, frames: int, source: str = "its time stamps") -> None:
        if frames > self._limits.max_seconds * self._rate:
            raise self._limits.too_long(frames / self._rate, source)

    @property
    def claimed_seconds(self) -> float | None:
        """Length by the header's word (s), which may be an estimate; None where it gives none."""
        claimed = self._promise.seconds
        if claimed is None or self._promise.of_file:
            return claimed
        return float(claimed * self._chain.share + self.late_frames / self._rate)

    @property
    def late_frames(self) -> int:
        """Frames of silence in front of the first sound."""
        return self._line.findings.late_frames

    @property
    def time_line(self) -> TimeLineReport:
        """Late start and holes, as far as the pass has come."""
        return self._line.findings.report()

    def blocks(self) -> Iterator[Samples]:
        """Yields (channels, n) blocks in order; once the last is out, ``warnings`` is complete.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE where more than isolated packets are damaged.
        """
        held: list[Samples] = []
        count = 0
        for part in without_padding(self._in_place(), self._lengths()):
            held.append(part)
            count += part.shape[1]
            if count >= GATHER_FRAMES:
                yield join(held)
                held, count = [], 0
        if count:
            yield join(held)
        self._conclude()

    def _lengths(self) -> tuple[int, ...]:
        """What the length of an m4a may be: of one that starts late the header may count the silence or not."""
        promised = self._promise.frames(self.report.sample_rate) if self._name.startswith("mov") else None
        return () if promised is None else (promised, promised + self.late_frames)

    def _in_place(self) -> Iterator[Samples]:
        """Yields what was decoded, with silence where the time line holds nothing."""
        if self._lead is not None:
            yield from silence(self.report.channels, self._lead.frames, GATHER_FRAMES)
        for item in self._line.through(self._decoded):
            if isinstance(item, Piece):
                yield from self._changes.fit(item)
                continue
            yield from self._changes.silence(item.frames)
            page_lost, self._page_lost = self._page_lost, False
            # In a FLAC file nothing but damage makes a hole.
            if item.after_damage or page_lost or self._name == "flac":
                self._damage.count_lost(item.frames, counted=item.after_damage)
            yield from silence(self.report.channels, item.frames, GATHER_FRAMES)
        yield from self._changes.finish()

    def _decode(self) -> Iterator[Decoded]:
        yield from self._decode_container()
        while self._advance():
            yield from self._decode_container()

    def _advance(self) -> bool:
        """Opens the next of joined files that can be read; tells whether there is one."""
        while True:
            try:
                return self._chain.advance()
            except AntiphonError as error:
                if not unreadable(error):
                    raise
                self._damage.count_bad()

    def _decode_container(self) -> Iterator[Decoded]:
        chain = self._chain
        stream, pages = chain.picked.stream, chain.pages
        for packet in packets(chain.container, stream, chain.guarded, self._damage, self._promise):
            if self._damage.packets % PACKETS_PER_CHECK == 0:
                self._budget.check()
            # libav's last packet is empty and asks the decoder for what it still holds.
            asks = packet.size == 0
            if not asks:
                self._damage.count_packet()
            if pages is not None and pages.lost_before(packet.pos):
                self._page_lost = True
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                raise_if_out_of_memory(error)
                if not (asks or headers.is_no_sound(bytes(packet))):
                    self._damage.count_bad()
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples:
                    page = packet.pos if pages is not None and not self._page_lost else None
                    yield Decoded(frame, self._damage.count_frame(frame), page, chain.index)

    def _conclude(self) -> None:
        rate = self.report.sample_rate
        unfinished = missing(self._sound) if self._wave is None else self._wave.missing
        if self._name == "ogg" and not headers.ogg_is_finished(self._sound):
            unfinished = "its last page is not marked as the last"
        reached = self._promise.reached(self._line.position, self.late_frames, rate)
        self.warnings = [
            *self._track.warnings,
            *self._damage.conclude(rate, reached, self._promise.frames(rate), self._promise.slack(rate), unfinished),
            *self._line.findings.warnings(),
            *self._assumed,
            *self._changes.warnings,
        ]

    def close(self) -> None:
        """Closes the container and the file."""
        self._chain.container.close()
        self._file.close()
