"""Prose on standard output."""

from __future__ import annotations

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli.outputs import standard
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
                standard.tell("\n")
            if piece.prompt == self._prompt:
                standard.tell("(once more: the facts do not hold what it said)")
            elif self._titled:
                standard.tell(f"{piece.prompt}:")
            self._prompt, self._attempt = piece.prompt, piece.attempt
        standard.tell("".join(plain(part) if part != "\n" else part for part in piece.text), newline=False)

    def finish(self, description: llm_audio_pb2.Description) -> None:
        """Ends the page; shows all answers where no pieces were shown."""
        if self._live:
            standard.tell("")
            return
        for index, answer in enumerate(description.answers):
            title = f"{answer.prompt}:\n" if self._titled else ""
            text = "\n".join(plain(line) for line in answer.text.splitlines())
            standard.tell(("\n" if index else "") + title + text)
