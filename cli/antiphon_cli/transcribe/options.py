"""The options of ``antiphon transcribe``."""

from __future__ import annotations

from pathlib import Path

import click

import antiphon_renderers as renderers
from antiphon_cli.options import READABLE_FILE, READABLE_FILE_OR_PIPE, SECONDS_FROM, SECONDS_TO, option_group
from antiphon_renderers.breaking import KINDS as BREAKING
from antiphon_renderers.breaking import MAX_LINE_CHARACTERS, MAX_LINES, MIN_LINE_CHARACTERS

output_options = option_group(
    click.argument("files", nargs=-1, metavar="FILE...", type=READABLE_FILE_OR_PIPE),
    click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(sorted(renderers.FORMATS)),
        default="txt",
        show_default=True,
        help="What to write; elrc is LRC with the time of each word.",
    ),
    click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="File to write to, or folder for several files; standard output where not given.",
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
    click.option("--lyrics", type=READABLE_FILE, help="Words that are sung, one line to a line: tell when each is."),
    click.option(
        "--live",
        is_flag=True,
        help="Listen while it is spoken: to the microphone where no file is given, to 16-bit mono at 16 kHz on "
        "standard input for -, or to a WAV, Opus or Vorbis file at its own pace. Text comes line by line; Ctrl-C ends "
        "it.",
    ),
    click.option("--start", type=SECONDS_FROM, metavar="SECONDS", help="Begin there; times stay those of the file."),
    click.option("--end", type=SECONDS_TO, metavar="SECONDS", help="End there."),
    click.option("--beam", type=click.IntRange(1, 10), help="Hypotheses followed at once, 1 to 10; fewer are quicker."),
    click.option("--prompt", default="", help="Text that came before, to prime spelling and style."),
    click.option(
        "--hotword", "hotwords", multiple=True, metavar="WORD", help="A word or name that is likely to be said."
    ),
)
"""How it is heard."""

layout_options = option_group(
    click.option(
        "--breaking",
        type=click.Choice(BREAKING),
        help="Where text is broken: as subtitles, usual for srt and vtt; by segments, usual for the others; as it is "
        "sung, usual with --singing.",
    ),
    click.option(
        "--line-length",
        type=click.IntRange(MIN_LINE_CHARACTERS),
        default=MAX_LINE_CHARACTERS,
        show_default=True,
        metavar="CHARACTERS",
        help="Longest line of a subtitle, or of what is sung.",
    ),
    click.option(
        "--lines",
        type=click.IntRange(1),
        default=MAX_LINES,
        show_default=True,
        metavar="COUNT",
        help="Most lines of a subtitle, in srt and vtt.",
    ),
    click.option("--title", default="", help="Title of the song, for lrc and elrc."),
    click.option("--artist", default="", help="Artist of the song, for lrc and elrc."),
)
"""How the text is laid out."""
