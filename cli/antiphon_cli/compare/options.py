"""The options of ``antiphon compare``."""

from __future__ import annotations

from pathlib import Path

import click

from antiphon_cli.audio.recordings import recordings_argument
from antiphon_cli.compare.paired_bootstrap import RESAMPLES
from antiphon_cli.options import JsonFile, option_group
from antiphon_cli.prompting import prompt_option, sampling_options

_SIDE = "ENGINE[/MODEL][,NAME=VALUE…]"

side_options = option_group(
    recordings_argument(),
    click.option("--a", "side_a", required=True, metavar=_SIDE, help="One side; NAME=VALUE is sampling for it alone."),
    click.option("--b", "side_b", required=True, metavar=_SIDE, help="The other side."),
    click.option("--c", "side_c", metavar=_SIDE, help="A third side."),
    click.option("--d", "side_d", metavar=_SIDE, help="A fourth side."),
)
"""Who is compared, on what."""

question_options = option_group(
    prompt_option(". May be given several times; full if not."),
    click.option(
        "--facts",
        type=JsonFile(exists=True, readable=True, path_type=Path),
        metavar="PATH",
        help="File of facts: a JSON object or a record by antiphon analyze --json, for one file; a folder with "
        "NAME.json for each NAME.* for several.",
    ),
    sampling_options(temperature="Above 0: draw the tokens.", seed="Seed of the draw, the same for all sides."),
)
"""What all sides are asked."""

report_options = option_group(
    click.option(
        "--side-by-side", is_flag=True, help="Let the sides answer at the same time; times then disturb each other."
    ),
    click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write report.md, report.json and the whole answer to each file there.",
    ),
    click.option(
        "--resamples",
        type=click.IntRange(100, 1_000_000),
        default=RESAMPLES,
        show_default=True,
        help="Draws of the bootstrap over several files.",
    ),
)
"""How it is measured and reported."""
