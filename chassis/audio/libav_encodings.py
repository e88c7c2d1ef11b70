"""How libav is to write each of its encodings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chassis.encodings import Encoding

OPUS_RATE = 48_000
MP3_RATES = (32_000, 44_100, 48_000)
AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)


def keep_rate(sample_rate: int) -> int:
    """Any rate will do."""
    return sample_rate


def opus_rate(sample_rate: int) -> int:
    """Opus has one rate inside."""
    return OPUS_RATE


def mp3_rate(sample_rate: int) -> int:
    """The rate itself where MPEG-1 has it, otherwise the one of its family: 44.1 kHz or 48 kHz."""
    return sample_rate if sample_rate in MP3_RATES else family_rate(sample_rate)


def aac_rate(sample_rate: int) -> int:
    """The rate itself where AAC has it, otherwise the one of its family: 44.1 kHz or 48 kHz."""
    return sample_rate if sample_rate in AAC_RATES else family_rate(sample_rate)


def family_rate(sample_rate: int) -> int:
    """The rate of the family that a rate belongs to: 44.1 kHz or 48 kHz."""
    return 44_100 if sample_rate % 11_025 == 0 else 48_000


@dataclass(frozen=True)
class LibavEncoding:
    """How libav is to write one encoding.

    Attributes:
        muxer: FFmpeg's name of the container.
        codec: FFmpeg's name of the encoder.
        sample_format: FFmpeg's name of what the encoder takes: ``s32``, ``flt`` or ``fltp``.
        max_channels: Most channels.
        choose_rate: From the rate that comes in to the rate that is encoded.
        kilobits: Bits a second in thousands, by number of channels, where nothing is chosen; None for lossless.
        muxer_options: FFmpeg's options.
        live_options: Those for a stream that is played while it comes; None where they are the same.
    """

    muxer: str
    codec: str
    sample_format: str
    max_channels: int
    choose_rate: Callable[[int], int] = keep_rate
    kilobits: Mapping[int, int] | None = None
    muxer_options: Mapping[str, str] = field(default_factory=dict)
    live_options: Mapping[str, str] | None = None

    def options(self, live: bool, sample_rate: int, tagged: bool) -> dict[str, str]:
        """Gives the muxer's options."""
        options = dict(self.muxer_options if self.live_options is None or not live else self.live_options)
        if self.muxer == "mp3":
            options["id3v2_version"] = "4" if tagged else "0"
        if self.codec == "aac":
            # The edit list counts in these units; in its usual milliseconds a length is not exact.
            options["movie_timescale"] = str(sample_rate)
        return options

    def bits_a_second(self, chosen: Encoding, channels: int) -> int | None:
        """Gives the bit rate; None for lossless and for a variable one."""
        if self.kilobits is None or chosen.quality is not None:
            return None
        return 1000 * (chosen.kilobits or self.kilobits[channels])


LIBAV = {
    "flac": LibavEncoding("flac", "flac", "s32", 8),
    "mp3": LibavEncoding(
        "mp3",
        "libmp3lame",
        "fltp",
        2,
        mp3_rate,
        {1: 320, 2: 320},
    ),
    "aac": LibavEncoding(
        "mp4",  # with the brand of an M4A: FFmpeg's own muxer for those takes no cover
        "aac",
        "fltp",
        2,
        aac_rate,
        {1: 128, 2: 256},
        # Live: fragments of a second, so that nothing must be known in advance. The header waits for the first of them:
        # only then does FFmpeg write the edit list from which decoders learn the delay. Otherwise the index
        # comes at the end, when the length is known and can be told.
        muxer_options={"brand": "M4A "},
        live_options={"brand": "M4A ", "movflags": "delay_moov+default_base_moof", "frag_duration": "1000000"},
    ),
    "opus": LibavEncoding("ogg", "libopus", "flt", 2, opus_rate, {1: 96, 2: 192}, {"page_duration": "200000"}),
}
COVERED = ("flac", "mp3", "aac")
"""Encodings that hold a cover."""
