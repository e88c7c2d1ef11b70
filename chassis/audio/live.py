"""Audio that is still being sent: bytes in as they come, samples out as soon as they can be decoded.

The samples do not depend on how the bytes were cut. A container is decoded by libav, which pulls; so it runs in a
thread that is given bytes and waited for in turns: the two never run at once.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import Any, cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer

from antiphon_wire.errors import AntiphonError, invalid
from chassis.audio.budget import Budget
from chassis.audio.container import CODECS, pick_stream, undecodable
from chassis.audio.frames import check_finite, to_samples
from chassis.audio.mixdown import Mixdown
from chassis.audio.pcm import DTYPES, from_integers
from chassis.audio.resample import Resampler
from chassis.audio.samples import Samples
from chassis.reading import Limits, RawPcm
from chassis.reports import SourceFacts, WarningFacts

CONTAINERS = ("mp3", "wav", "flac", "aac", "ogg", "matroska")
"""FFmpeg's demuxers that can be read from front to back; m4a keeps its index at the end more often than not."""
BLOCKS_PER_SECOND = 50
"""The resampler is given blocks of this length whatever came in: its rounding depends on how it is fed."""
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


def _nothing() -> None:
    return


class LiveSource:
    """A stream of audio while it comes in, at one rate; mono, or as many channels as wanted.

    Args:
        sample_rate: Rate wanted (Hz).
        raw: How to read the bytes where they have no header; None for a container.
        limits: Bounds on the stream as a whole.
        channels: Channels wanted, samples then come as (channels, n); None for mono, which comes as (n,).

    Raises:
        AntiphonError: AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT for PCM out of bounds.
    """

    def __init__(
        self, sample_rate: int, raw: RawPcm | None = None, limits: Limits | None = None, channels: int | None = None
    ) -> None:
        self._channels = channels
        self._limits = limits or Limits()
        self._sample_rate = sample_rate
        self._decoder: _RawDecoder | _ContainerDecoder = (
            _ContainerDecoder(self._limits) if raw is None else _RawDecoder(raw, self._limits)
        )
        self._budget = Budget(self._limits, _nothing)
        self._digest = hashlib.sha256()
        self._frames = 0
        self._held: list[Samples] = []
        self._held_frames = 0
        self._mixdown: Mixdown | None = None
        self._resampler: Resampler | None = None
        self._mixes_first = True
        self._facts: SourceFacts | None = None
        self._ended = False

    @property
    def facts(self) -> SourceFacts | None:
        """What the stream was found to be; None until enough has come; length and digest once it has ended."""
        facts = self._decoder.facts
        if facts is None or not self._ended:
            return facts
        return SourceFacts(
            facts.container, facts.codec, facts.sample_rate, facts.channels, self._frames, self._digest.digest()
        )

    @property
    def warnings(self) -> tuple[WarningFacts, ...]:
        """AUDIO_CORRUPT_PACKETS where some could not be decoded and were left out."""
        bad = self._decoder.bad_packets
        if not bad:
            return ()
        return (WarningFacts("AUDIO_CORRUPT_PACKETS", f"{bad} packets could not be decoded and were left out"),)

    def feed(self, data: bytes) -> Samples:
        """Takes the next bytes; returns the samples (n,) float32 that they make ready, n >= 0.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_SAMPLE_RATE, AUDIO_CHANNEL_COUNT,
                AUDIO_NOT_FINITE, AUDIO_TOO_LONG, AUDIO_TOO_LARGE.
        """
        return self._joined(self._converted(self._decoder.feed(data)))

    def finish(self) -> Samples:
        """Takes the end of the stream; returns the samples (n,) that were still held. To be called once.

        Raises:
            AntiphonError: as :meth:`feed`, and AUDIO_EMPTY where the stream held no samples.
        """
        parts = self._converted(self._decoder.finish())
        if self._frames == 0:
            raise invalid("AUDIO_EMPTY", "the stream held no samples")
        assert self._mixdown is not None
        assert self._resampler is not None
        if self._held_frames:
            parts.append(self._apply(np.concatenate(self._held, axis=1)))
        rest = self._resampler.finish()
        parts.append(rest if self._mixes_first else self._mixdown.apply(rest))
        self._ended = True
        return self._joined(parts)

    def close(self) -> None:
        """Gives up what is under way; a second call does nothing."""
        self._decoder.close()

    def _joined(self, parts: list[Samples]) -> Samples:
        joined = np.concatenate([np.zeros((self._channels or 1, 0), np.float32), *parts], axis=1)
        return joined[0] if self._channels is None else joined

    def _converted(self, blocks: list[Samples]) -> list[Samples]:
        ready: list[Samples] = []
        for block in blocks:
            facts = self._decoder.facts
            assert facts is not None
            if self._resampler is None:
                target = self._channels or 1
                self._mixdown = Mixdown(facts.channels, target, self._decoder.layout)
                # Mono is resampled before it is repeated; anything else is mixed down first: the fewer, the cheaper.
                self._mixes_first = target <= facts.channels
                self._resampler = Resampler(facts.sample_rate, self._sample_rate, min(target, facts.channels))
            self._budget.spend(block.shape[1], facts.channels, facts.sample_rate)
            check_finite(block, self._frames)
            self._frames += block.shape[1]
            self._digest.update(np.ascontiguousarray(block.T, "<f4").data)
            ready += self._resampled(block, max(1, facts.sample_rate // BLOCKS_PER_SECOND))
        return ready

    def _apply(self, part: Samples) -> Samples:
        assert self._mixdown is not None
        assert self._resampler is not None
        if self._mixes_first:
            return self._resampler.apply(self._mixdown.apply(part))
        return self._mixdown.apply(self._resampler.apply(part))

    def _resampled(self, block: Samples, size: int) -> Iterator[Samples]:
        self._held.append(block)
        self._held_frames += block.shape[1]
        if self._held_frames < size:
            return
        joined = np.concatenate(self._held, axis=1)
        whole = self._held_frames - self._held_frames % size
        for start in range(0, whole, size):
            yield self._apply(joined[:, start : start + size])
        self._held, self._held_frames = [joined[:, whole:]], self._held_frames - whole


class _RawDecoder:
    def __init__(self, raw: RawPcm, limits: Limits) -> None:
        limits.check_format(raw.sample_rate, raw.channels)
        self._raw = raw
        self._rest = b""
        self.facts: SourceFacts | None = SourceFacts("raw", f"pcm_{raw.encoding}", raw.sample_rate, raw.channels)
        self.layout: tuple[str, ...] | None = None
        self.bad_packets = 0

    def feed(self, data: bytes) -> list[Samples]:
        data = self._rest + data
        whole = len(data) - len(data) % self._raw.frame_bytes
        self._rest = data[whole:]
        if not whole:
            return []
        dtype = DTYPES[self._raw.encoding]
        block = np.frombuffer(data[:whole], dtype).reshape(-1, self._raw.channels).T
        return [from_integers(block) if dtype.kind == "i" else block.astype(np.float32)]

    def finish(self) -> list[Samples]:
        if self._rest:
            raise invalid(
                "AUDIO_UNDECODABLE",
                f"the stream ended within a frame: {self._raw.encoding} with {self._raw.channels} channels takes "
                f"{self._raw.frame_bytes} bytes a frame, {len(self._rest)} came",
                frame_bytes=self._raw.frame_bytes,
                rest_bytes=len(self._rest),
            )
        return []

    def close(self) -> None:
        return


class _ContainerDecoder:
    """libav in a thread of its own, which runs only while :meth:`feed` or :meth:`finish` waits for it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pipe = _Pipe()
        self._blocks: list[Samples] = []
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self.facts: SourceFacts | None = None
        self.layout: tuple[str, ...] | None = None
        self.bad_packets = 0

    def feed(self, data: bytes) -> list[Samples]:
        if not data:
            return []
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="live-decoder", daemon=True)
            self._thread.start()
        return self._after(lambda: self._pipe.write(data))

    def finish(self) -> list[Samples]:
        if self._thread is None:
            return []
        return self._after(self._pipe.end)

    def close(self) -> None:
        if self._thread is not None:
            self._pipe.end()
            self._thread.join()

    def _after(self, act: Any) -> list[Samples]:
        act()
        if self._error is not None:
            raise self._error
        blocks, self._blocks = self._blocks, []
        return blocks

    def _run(self) -> None:
        try:
            # No seek and no tell: libav must take the stream as it comes.
            pipe = cast(Any, self._pipe)
            with av.open(
                pipe, "r", container_options=_OPTIONS, metadata_errors="replace", buffer_size=READ_BYTES
            ) as container:
                self._decode(container)
        except AntiphonError as error:
            self._error = error
        except av.error.FFmpegError as error:
            self._error = undecodable(error.strerror or type(error).__name__)
        except Exception as error:
            self._error = error
        finally:
            self._pipe.stop()

    def _decode(self, container: InputContainer) -> None:
        stream = pick_stream(container)
        bad_in_a_row = 0
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
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
        if self.facts is None:
            self._limits.check_format(rate, channels)
            self.facts = SourceFacts(container, codec, rate, channels)
            names = tuple(channel.name for channel in frame.layout.channels)
            self.layout = names if len(names) == channels else None
        if (rate, channels) != (self.facts.sample_rate, self.facts.channels):
            raise undecodable(
                f"the stream changes from {self.facts.sample_rate} Hz with {self.facts.channels} channels to {rate} Hz "
                f"with {channels}"
            )
        self._blocks.append(to_samples(frame))


class _Pipe:
    """Hands bytes to a reader in another thread, and the turn with them: one side runs while the other waits."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._data = bytearray()
        self._ended = False
        self._stopped = False
        self._hungry = False

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; waits for them; none at the end. Called by libav."""
        with self._turn:
            while not self._data and not self._ended:
                self._hungry = True
                self._turn.notify_all()
                self._turn.wait()
            part = bytes(self._data[:size])
            del self._data[:size]
            return part

    def write(self, data: bytes) -> None:
        """Gives the reader bytes; returns when it wants more, or has stopped."""
        with self._turn:
            self._data += data
            self._hungry = False
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._hungry or self._stopped)

    def end(self) -> None:
        """Tells the reader that nothing follows; returns when it has stopped."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._stopped)

    def stop(self) -> None:
        """Called by the reader: it will read no more."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()
