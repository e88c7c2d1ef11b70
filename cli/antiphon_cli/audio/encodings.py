"""The formats of audio that a service can send, by the extensions of their files, and what is chosen about them."""

from __future__ import annotations

from typing import Any

import click

from antiphon.audio.v1 import audio_pb2
from antiphon_cli.options import option_group

EXTENSIONS = {
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: "s16le",
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: "f32le",
    audio_pb2.OUTPUT_ENCODING_FLAC: "flac",
    audio_pb2.OUTPUT_ENCODING_WAV: "wav",
    audio_pb2.OUTPUT_ENCODING_MP3: "mp3",
    audio_pb2.OUTPUT_ENCODING_OPUS: "opus",
    audio_pb2.OUTPUT_ENCODING_AAC: "m4a",
}

ENCODINGS = {extension: encoding for encoding, extension in EXTENSIONS.items()}

encoding_options = option_group(
    click.option(
        "--bits",
        type=int,
        metavar="16|24|32",
        help="Bits a sample: wav 16, 24 or 32 (float, where not given), flac 16 or 24.",
    ),
    click.option("--bitrate", type=int, metavar="KBIT/S", help="Bit rate: mp3 64 to 320, opus 12 to 512, m4a 32 up."),
    click.option("--quality", type=float, metavar="0-9", help="For mp3: variable bit rate, 0 the best."),
)
"""What is chosen about a format; a service refuses what a format does not have."""


def chosen_options(bits: int | None, bitrate: int | None, quality: float | None) -> audio_pb2.OutputOptions | None:
    """Returns what was chosen; None where nothing was."""
    chosen: dict[str, Any] = {"bits_per_sample": bits, "bit_rate_kbps": bitrate, "quality": quality}
    given = {name: value for name, value in chosen.items() if value is not None}
    return audio_pb2.OutputOptions(**given) if given else None
