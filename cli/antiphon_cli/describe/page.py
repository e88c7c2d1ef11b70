"""Prose on standard output."""

from __future__ import annotations

import click

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli.terminal import plain


class Page:
    """Shows pieces as they come on a terminal, whole answers elsewhere.

    Args:
        live: Whether pieces are shown as they come.
        titled: Whether each answer is headed by the name of its prompt.
    """

    def __init__(self, live: bool, titled: bool) -> None:
        self._live, self._titled = live, titled
        self._prompt, self._attempt = "", 0

    def piece(self, piece: llm_audio_pb2.TextPiece) -> None:
        """Shows the next piece, headed where it begins an answer or one more attempt at it."""
        if not self._live:
            return
        if (piece.prompt, piece.attempt) != (self._prompt, self._attempt):
            if self._prompt:
                click.echo("\n")
            if piece.prompt == self._prompt:
                click.echo("(once more: the facts do not hold what it said)")
            elif self._titled:
                click.echo(f"{piece.prompt}:")
            self._prompt, self._attempt = piece.prompt, piece.attempt
        click.echo("".join(plain(part) if part != "\n" else part for part in piece.text), nl=False)

    def finish(self, description: llm_audio_pb2.Description) -> None:
        """Ends the page; shows all answers where no pieces were shown."""
        if self._live:
            click.echo()
            return
        for index, answer in enumerate(description.answers):
            title = f"{answer.prompt}:\n" if self._titled else ""
            text = "\n".join(plain(line) for line in answer.text.splitlines())
            click.echo(("\n" if index else "") + title + text)
