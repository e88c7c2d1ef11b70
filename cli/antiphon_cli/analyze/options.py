"""The options of ``antiphon analyze``."""

from __future__ import annotations

from pathlib import Path

import click

from antiphon_cli.audio.encodings import ENCODINGS
from antiphon_cli.options import READABLE_FILE, option_group
from antiphon_wire.rpcs import STAGES

analyze_options = option_group(
    click.argument("files", nargs=-1, required=True, metavar="FILE...", type=READABLE_FILE),
    click.option("--only", metavar="STAGES", help=f"Run these stages only, separated by commas: {', '.join(STAGES)}."),
    click.option(
        "--json",
        "json_path",
        metavar="PATH",
        help="Write the record as JSON to PATH; - is stdout, and nothing else there.",
    ),
    click.option(
        "--stems",
        "stems_folder",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Write the stems to DIR.",
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
        type=READABLE_FILE,
        help='Further settings of the stages, a JSON file such as {"essentia": {"min_bpm": 60, "melody": true}}; the '
        "names are those of the stages' config messages in protos/. Options win over it.",
    ),
    click.option(
        "--features/--no-features",
        "every_feature",
        default=None,
        help="Print what essentia measured, group by group; done by default with --only essentia.",
    ),
)
"""What is analysed, how, and where the answer goes."""
