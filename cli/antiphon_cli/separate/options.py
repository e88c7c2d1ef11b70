"""The options of ``antiphon separate``."""

from __future__ import annotations

from pathlib import Path

import click

from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli.audio.encodings import ENCODINGS, encoding_options
from antiphon_cli.audio.recordings import recordings_argument
from antiphon_cli.options import Number, json_option, option_group, range_options

CLIP_MODES = {"clamp": separation_pb2.CLIP_MODE_CLAMP, "rescale": separation_pb2.CLIP_MODE_RESCALE}
MAX_SHIFTS, MAX_OVERLAP = 20, 0.95
MIN_SEGMENT_SECONDS, MAX_SEGMENT_SECONDS = 1.0, 3600.0
"""The service's own bounds, held against them by a test."""
LEAST_SEED, MAX_SEED = -(2**63), 2**63 - 1

output_options = option_group(
    recordings_argument(),
    click.option(
        "-s",
        "--stems",
        metavar="STEMS",
        default="",
        help="Stems wanted, separated by commas; all of the model's where not given. no_vocals is the mix without the "
        "vocals (any stem will do), residual what of the mix is in no stem.",
    ),
    click.option(
        "-o",
        "--out",
        type=click.Path(file_okay=False, allow_dash=True, path_type=Path),
        metavar="DIR|-",
        default=Path("separated"),
        show_default=True,
        help="Folder to write <name of the file>/<stem>.<format> to; of several files the folders are kept in which "
        "they differ. - is standard output, for one stem.",
    ),
    click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(sorted(ENCODINGS)),
        default="flac",
        show_default=True,
        help="Format of the stems; m4a is AAC, s16le and f32le are samples without a header.",
    ),
    encoding_options,
    click.option("--tags", "keep_tags", is_flag=True, help="Keep the title, artist … and cover of the song."),
    click.option(
        "--rate",
        metavar="HZ|keep",
        default="",
        help="Sample rate of the stems, or keep for that of the file; the model's where not given.",
    ),
)
"""What is separated, and where its stems go."""

work_options = option_group(
    range_options(""),
    click.option(
        "--clip-mode",
        type=click.Choice(sorted(CLIP_MODES)),
        default="clamp",
        show_default=True,
        help="What to do about samples beyond full scale: clamp and count them, or rescale all stems by one gain, "
        "which takes twice as long.",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="Separate while the audio comes: 16-bit stereo at 44.1 kHz on standard input for -, or a WAV, Opus or "
        "Vorbis file at its own pace. Ctrl-C ends a pipe, and what came until then is still separated. The service "
        "must be started with SEPARATION_LIVE_STREAMS=1.",
    ),
    click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given."),
    click.option(
        "--shifts",
        type=click.IntRange(0, MAX_SHIFTS),
        metavar="COUNT",
        help=f"Separate so often under random shifts, for the mean (demucs); up to {MAX_SHIFTS}.",
    ),
    click.option(
        "--overlap",
        type=Number(0, MAX_OVERLAP),
        metavar="SHARE",
        help=f"Share of a segment that overlaps the next (demucs), 0 to {MAX_OVERLAP}.",
    ),
    click.option(
        "--segment",
        type=Number(MIN_SEGMENT_SECONDS, MAX_SEGMENT_SECONDS),
        metavar="SECONDS",
        help="Length of what the model is given at once (demucs), 1 s or more.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(LEAST_SEED, MAX_SEED),
        metavar="NUMBER",
        help="Where the random shifts begin (demucs).",
    ),
    json_option("the summary"),
)
"""How it is separated, and what is said of it."""
