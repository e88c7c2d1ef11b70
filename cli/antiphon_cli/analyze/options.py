"""The options of ``antiphon analyze``."""

from __future__ import annotations

from pathlib import Path

import click

from antiphon_cli.audio.encodings import ENCODINGS
from antiphon_cli.audio.recordings import recordings_argument
from antiphon_cli.options import JSON_FILE, json_option, option_group, range_options
from antiphon_cli.rendering import format_option, layout_options, out_option
from antiphon_cli.speakers import speaker_options
from antiphon_wire.rpcs import STAGES

analyze_options = option_group(
    recordings_argument(),
    click.option("--only", metavar="STAGES", help=f"Run these stages only, separated by commas: {', '.join(STAGES)}."),
    json_option("the record"),
    format_option(
        "Print the lyrics in this format instead of the summary, or write them to --out; elrc is LRC with the time of "
        "each word.",
        default=None,
    ),
    out_option("With --format: file for the lyrics, or folder for those of several files."),
    click.option(
        "--stems",
        "stems_folder",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Write the stems to DIR/<name of the file>/; of several files the folders are kept in which they differ.",
    ),
    click.option(
        "--stem-format",
        type=click.Choice(sorted(ENCODINGS)),
        default="flac",
        show_default=True,
        help="Format of the stems.",
    ),
    click.option(
        "--language", metavar="CODE", default="", help="Language of the words, such as en; detected where not given."
    ),
    click.option(
        "--singing", is_flag=True, help="It is sung: no voice detection, lines broken where the singer pauses."
    ),
    speaker_options,
    range_options("; times stay those of the file"),
    click.option(
        "--model",
        "models",
        metavar="STAGE=NAME",
        multiple=True,
        help="Model of a stage; may be given once for each stage.",
    ),
    click.option(
        "--settings",
        "settings_file",
        metavar="FILE",
        type=JSON_FILE,
        help='Further settings of the stages, a JSON file such as {"essentia": {"min_bpm": 60, "melody": true}}; the '
        "names are those of the stages' config messages in protos/. Options win over it.",
    ),
    layout_options,
    click.option(
        "--features/--no-features",
        "every_feature",
        default=None,
        help="Print what essentia measured, group by group; done by default with --only essentia.",
    ),
)
"""What is analysed, how, and where the answer goes."""
