"""The options of ``antiphon transcribe``."""

from __future__ import annotations

import click

from antiphon_cli.audio.recordings import recordings_argument
from antiphon_cli.options import READABLE_FILE, option_group, range_options
from antiphon_cli.rendering import format_option, out_option
from antiphon_cli.speakers import speaker_options

output_options = option_group(
    recordings_argument(required=False),
    format_option("What to write; elrc is LRC with the time of each word."),
    out_option(
        "File to write to, or folder for several files, in which the folders are kept where they differ; standard "
        "output where not given."
    ),
)
"""What is heard, and where the text goes."""

hearing_options = option_group(
    click.option(
        "--language", metavar="CODE", default="", help="Language spoken, such as en; detected where not given."
    ),
    click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given."),
    click.option("--translate", is_flag=True, help="Write it down in English."),
    click.option(
        "--singing", is_flag=True, help="It is sung: no voice detection, lines broken where the singer pauses."
    ),
    click.option(
        "--lyrics",
        type=READABLE_FILE,
        help="Words that are sung, one line to a line: tell when each is. Lines that are not found are warned of, and "
        "are no failure.",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="Listen while it is spoken: to the microphone where no file is given, to 16-bit mono at 16 kHz on "
        "standard input for -, or to a WAV, Opus or Vorbis file at its own pace. Text comes line by line; Ctrl-C ends "
        "it.",
    ),
    speaker_options,
    range_options("; times stay those of the file"),
    click.option("--beam", type=click.IntRange(1, 10), help="Hypotheses followed at once, 1 to 10; fewer are quicker."),
    click.option("--prompt", default="", help="Text that came before, to prime spelling and style."),
    click.option(
        "--hotword", "hotwords", multiple=True, metavar="WORD", help="A word or name that is likely to be said."
    ),
)
"""How it is heard."""
