"""``antiphon render``: a stored record as subtitles, lyrics or text, without a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from antiphon_cli import exits
from antiphon_cli.audio.recordings import check_pipe, recordings_argument
from antiphon_cli.each_file import attempt, each_file
from antiphon_cli.options import option_group
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.places import Source
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.texts import Texts
from antiphon_cli.render.stored import Stored, heard, read
from antiphon_cli.rendering import LAYOUT, Layout, extension_of, format_option, layout_options, out_option
from antiphon_cli.terminal import shown_name

_render_options = option_group(
    recordings_argument(metavar="RECORD..."),
    format_option("What to write; elrc is LRC with the time of each word."),
    out_option("File to write to, or folder for several records; standard output where not given."),
    click.option("--singing", is_flag=True, help="It is sung: lines are broken where the singer pauses."),
    layout_options,
)


@click.command(epilog=exits.HELP)
@_render_options
@existing_options(skipping="Leave records whose text is there already.")
def render(files: tuple[Path, ...], form: str, out: str | None, singing: bool, rules: Rules, **given: Any) -> int:
    """Write the words of stored records as subtitles, lyrics or text; no service is asked.

    A RECORD is what antiphon analyze --json wrote, of one file or a line for each of several, or what antiphon
    transcribe --format json did; - is standard input.

    \b
    Examples:
      antiphon render record.json --format srt --out song.srt
      antiphon render records.jsonl --format lrc --out lyrics/
      antiphon analyze --only speech --json - song.mp3 | antiphon render -f vtt -
    """
    check_pipe(*files)
    texts = Texts(out, extension_of(form), rules)
    job = _Job(form, singing, Layout(**{name: given[name] for name in LAYOUT}), texts)
    stored: list[Stored] = []
    unread = each_file(lambda path: job.take(path, stored), files)
    sources: list[Source] = [each.source for each in stored]
    return each_file(job.write, zip(stored, texts.places(sources, len(files)), strict=True)) or unread


@dataclass(frozen=True)
class _Job:
    """Reads records and writes the text of each."""

    form: str
    singing: bool
    layout: Layout
    texts: Texts

    def take(self, path: Path, stored: list[Stored]) -> int:
        """Adds the documents of a file; returns the exit code."""
        return attempt(lambda: stored.extend(read(path)), shown_name(path), path=path).code

    def write(self, item: tuple[Stored, Path | None]) -> int:
        """Writes the text of one document; returns the exit code."""
        stored, place = item
        return attempt(lambda: self._one(stored, place), shown_name(stored.source), path=stored.source).code

    def _one(self, stored: Stored, place: Path | None) -> None:
        self.texts.rules.skip([place])
        self.texts.write(place, self.layout.render(self.form, heard(stored.document), self.singing))
