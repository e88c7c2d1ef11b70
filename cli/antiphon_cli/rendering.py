"""What ``transcribe``, ``analyze`` and ``render`` share: the forms of a text with times, and how it is laid out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.options import Command, option_group
from antiphon_renderers.breaking import KINDS as BREAKING
from antiphon_renderers.breaking import MAX_LINE_CHARACTERS, MAX_LINES, MIN_LINE_CHARACTERS

Heard = speech_pb2.Transcript | speech_pb2.AlignedLyrics


@dataclass(frozen=True)
class Layout:
    """How a text is laid out, by the names of the options.

    Attributes:
        breaking: Where it is broken; as is usual for the format where None.
        line_length: Longest line of a subtitle, in characters.
        lines: Most lines of a subtitle.
        title: Of the song.
        artist: Of the song.
    """

    breaking: str | None
    line_length: int
    lines: int
    title: str
    artist: str

    def render(self, form: str, heard: Heard, singing: bool = False) -> str:
        """Returns what was heard as the text of a file; ``singing`` breaks it so unless told otherwise.

        Raises:
            RenderError: it cannot be written in that format.
        """
        kind = self.breaking or ("singing" if singing else None)
        breaking = renderers.Breaking(kind, self.line_length, self.lines)
        return renderers.render(form, heard, labels=renderers.Labels(self.title, self.artist), breaking=breaking)


def extension_of(form: str) -> str:
    """Returns the extension of a format's files, without the dot."""
    return renderers.FORMATS[form].extension


def format_option(words: str, default: str | None = "txt") -> Callable[[Command], Command]:
    """Makes ``--format``; ``words`` are its help."""
    return click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(sorted(renderers.FORMATS)),
        default=default,
        show_default=default is not None,
        help=words,
    )


def out_option(words: str) -> Callable[[Command], Command]:
    """Makes ``--out``; ``words`` are its help."""
    return click.option("-o", "--out", type=click.Path(path_type=str), metavar="PATH", help=words)


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
"""The options of a :class:`Layout`."""

LAYOUT = ("breaking", "line_length", "lines", "title", "artist")
"""Their names."""
