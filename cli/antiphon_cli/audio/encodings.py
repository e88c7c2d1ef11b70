"""The formats of audio that a service can send, by the extensions of their files, and what is chosen about them."""

from __future__ import annotations

from typing import Any

import click

from antiphon.audio.v1 import audio_pb2
from antiphon_cli.options import Number, option_group

EXTENSIONS = {
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: "s16le",
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: "f32le",
    audio_pb2.OUTPUT_ENCODING_FLAC: "flac",
    audio_pb2.OUTPUT_ENCODING_WAV: "wav",
    audio_pb2.OUTPUT_ENCODING_MP3: "mp3",
    audio_pb2.OUTPUT_ENCODING_OPUS: "opus",
    audio_pb2.OUTPUT_ENCODING_AAC: "m4a",
    audio_pb2.OUTPUT_ENCODING_VORBIS: "ogg",
}

ENCODINGS = {extension: encoding for encoding, extension in EXTENSIONS.items()}

BITS = {"wav": (16, 24, 32), "flac": (16, 24)}
"""Bits a sample that can be chosen, by format."""
MP3_KILOBITS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KILOBITS = {"mp3": (64, 320), "opus": (12, 512), "m4a": (32, 512)}
"""Least and most kbit/s that can be chosen, by format."""
QUALITIES = {"mp3": (0.0, 9.0), "ogg": (0.0, 10.0)}
"""Bounds of the quality of a variable bit rate, by format."""
TAGGED = ("flac", "mp3", "opus", "m4a", "ogg")
"""Formats that hold tags."""
RATES = {
    "mp3": (32_000, 44_100, 48_000),
    "opus": (48_000,),
    "m4a": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000),
}
"""Sample rates in Hz, by format; one that is not here has any.

What is here is the services' own, held against it by a test, so that a wrong value is refused before any is asked.
"""

encoding_options = option_group(
    click.option(
        "--bits",
        type=click.IntRange(16, 32),
        metavar="16|24|32",
        help="Bits a sample: wav 16, 24 or 32 (float, where not given), flac 16 or 24.",
    ),
    click.option(
        "--bitrate",
        type=click.IntRange(12, 512),
        metavar="KBIT/S",
        help="Bit rate: mp3 64 to 320, opus 12 to 512, m4a 32 to 512.",
    ),
    click.option(
        "--quality",
        type=Number(0, 10),
        metavar="0-10",
        help="Variable bit rate: mp3 0, the best, to 9; ogg (Vorbis) 0 to 10, the best.",
    ),
)
"""What is chosen about a format; :func:`check_choices` refuses what a format does not have."""


def check_choices(
    form: str,
    bits: int | None = None,
    bitrate: int | None = None,
    quality: float | None = None,
    tags: bool = False,
    rate: int | None = None,
) -> None:
    """Refuses what a format does not have.

    Args:
        form: One of ENCODINGS.
        bits: Bits a sample.
        bitrate: Kilobits a second.
        quality: Of a variable bit rate.
        tags: Whether tags are to be in it.
        rate: Sample rate in Hz.

    Raises:
        BadParameter: something was chosen that it does not have; the option is named, and what would be right.
    """
    if bits is not None and bits not in BITS.get(form, ()):
        raise _refused("--bits", bits, form, " or ".join(map(str, BITS.get(form, ()))))
    if bitrate is not None:
        least, most = KILOBITS.get(form, (1, 0))
        if form == "mp3" and bitrate not in MP3_KILOBITS:
            raise _refused("--bitrate", bitrate, form, "one of " + ", ".join(map(str, MP3_KILOBITS)))
        if not least <= bitrate <= most:
            raise _refused("--bitrate", bitrate, form, f"{least} to {most}" if least < most else "")
    if quality is not None:
        lowest, highest = QUALITIES.get(form, (1.0, 0.0))
        if not lowest <= quality <= highest:
            raise _refused("--quality", quality, form, f"{lowest:g} to {highest:g}" if lowest < highest else "")
    if quality is not None and bitrate is not None:
        raise click.UsageError("--quality is of a variable bit rate; give it or --bitrate, not both")
    if tags and form not in TAGGED:
        message = f"{form} holds no tags; leave it out, or give --format {', '.join(TAGGED[:-1])} or {TAGGED[-1]}"
        raise click.BadParameter(message, param_hint="--tags")
    if rate is not None and form in RATES and rate not in RATES[form]:
        raise _refused("--rate", rate, form, f"{'' if form == 'opus' else 'one of '}{', '.join(map(str, RATES[form]))}")


def chosen_options(bits: int | None, bitrate: int | None, quality: float | None) -> audio_pb2.OutputOptions | None:
    """Returns what was chosen; None where nothing was."""
    chosen: dict[str, Any] = {"bits_per_sample": bits, "bit_rate_kbps": bitrate, "quality": quality}
    given = {name: value for name, value in chosen.items() if value is not None}
    return audio_pb2.OutputOptions(**given) if given else None


def _refused(option: str, value: float, form: str, wanted: str) -> click.BadParameter:
    right = f"give {wanted}" if wanted else "leave it out"
    return click.BadParameter(f"{form} has no {value:g} there; {right}", param_hint=option)
