"""The options of ``antiphon generate``."""

from __future__ import annotations

from pathlib import Path

import click

from antiphon_cli.audio.encodings import ENCODINGS, encoding_options
from antiphon_cli.options import READABLE_FILE_OR_PIPE, InputFile, Number, option_group

MIN_SECONDS, MAX_SECONDS = 0.2, 1e6
LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
MAX_SEED, MAX_TOP_K = 2**63 - 1, 1 << 16
"""The service's own bounds, held against them by a test; how long a piece may be is for the service to say."""

piece_options = option_group(
    click.argument("prompts", nargs=-1, metavar="[PROMPT]..."),
    click.option(
        "--prompts",
        "prompt_file",
        type=InputFile(dir_okay=False, allow_dash=True, path_type=Path),
        metavar="FILE",
        help="More prompts, one on each line; - for standard input.",
    ),
    click.option(
        "--seconds",
        type=Number(MIN_SECONDS, MAX_SECONDS),
        default=10.0,
        show_default=True,
        help="New audio in each piece.",
    ),
    click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="File to write to, folder for several pieces, - for standard output.",
    ),
    click.option("--play", is_flag=True, help="Play it while it is made (by ffplay, mpv or aplay)."),
    click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(sorted(ENCODINGS)),
        help="Format of the audio; that of the file's name, else wav.",
    ),
    encoding_options,
    click.option(
        "--rate",
        type=click.IntRange(LOWEST_RATE, HIGHEST_RATE),
        metavar="HZ",
        help="Sample rate; the model's own where not given.",
    ),
    click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="Pieces for each prompt."),
    click.option(
        "--batch",
        type=click.IntRange(min=1),
        default=8,
        show_default=True,
        help="Pieces that are made together; more are made one batch after the other.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, MAX_SEED),
        metavar="NUMBER",
        help="Seed of the first piece; the same seed gives the same music.",
    ),
    click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given."),
)
"""How many pieces of what, and where they go."""

music_options = option_group(
    click.option(
        "--continue",
        "continued",
        type=READABLE_FILE_OR_PIPE,
        metavar="FILE",
        help="Go on where this recording ends; - for standard input.",
    ),
    click.option("--new-only", is_flag=True, help="With --continue: leave out what was heard of the recording."),
    click.option(
        "--melody",
        type=READABLE_FILE_OR_PIPE,
        metavar="FILE",
        help="Follow the tune of this recording, or stem of one; - for standard input.",
    ),
    click.option(
        "--melody-stem",
        metavar="STEM",
        default="",
        help="With --melody: separate the recording first, and follow this stem of it, such as vocals.",
    ),
    click.option("--negative", default="", metavar="TEXT", help="What the music is not to be."),
    click.option("--temperature", type=Number(0, 4), help="Boldness of the choice of each token, 0 for none."),
    click.option("--top-k", type=click.IntRange(0, MAX_TOP_K), help="Tokens to choose from, 0 for all."),
    click.option(
        "--top-p", type=Number(0, 1, min_open=True), help="Choose from the fewest tokens of this probability."
    ),
    click.option("--guidance", type=Number(1, 20), help="How closely to follow the prompt, 1 to 20."),
)
"""What the music follows."""
