"""The options that have speakers told apart, of every command that writes words down."""

from __future__ import annotations

import click

from antiphon_cli.options import option_group

MAX_SPEAKERS = 20

speaker_options = option_group(
    click.option(
        "--diarize",
        is_flag=True,
        help="Tell speakers apart; needs the model resemblyzer. The text comes when all has been heard.",
    ),
    click.option(
        "--speakers",
        "speaker_count",
        type=click.IntRange(1, MAX_SPEAKERS),
        help=f"How many speakers there are, 1 to {MAX_SPEAKERS}, with --diarize; counted where not given.",
    ),
)
"""Whether to tell speakers apart, and how many there are."""


def check_speakers(diarize: bool, speaker_count: int | None, form: str | None) -> None:
    """Refuses what asks for speakers without having them told apart.

    Args:
        diarize: Whether they are told apart.
        speaker_count: How many there are; None where they are to be counted.
        form: Format of the text; None where none is written.

    Raises:
        UsageError: a number, or a format of speakers, without ``diarize``.
    """
    if speaker_count is not None and not diarize:
        raise click.UsageError("--speakers goes with --diarize")
    if form == "diarized_json" and not diarize:
        raise click.UsageError("--format diarized_json goes with --diarize")
