"""Prose by rule: two or three sentences from the facts, no model, the same for the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self

from chassis.reports import WarningReport
from services.llm_audio.contract import Checkpoint, Ending, Passage, Turn, Usage
from services.llm_audio.prose.writing import write

if TYPE_CHECKING:
    import numpy as np

    from chassis.models import InstalledModel
    from services.llm_audio.settings import LlmAudioSettings


class FactsByRule:
    """Rules in the place of a language model; see :class:`services.llm_audio.contract.LanguageModel`."""

    hears = False
    by_rule = True
    warnings: tuple[WarningReport, ...] = ()
    passages: tuple[Passage, ...] = ()
    repeat_penalty = 1.0
    device = "cpu"
    precision = "exact"
    library_versions: Mapping[str, str] = {}
    parameters: Mapping[str, str] = {}

    @classmethod
    def load(cls, model: InstalledModel, settings: LlmAudioSettings) -> Self:
        """Makes the rules ready; there is nothing to read, and nothing to compute that a device would be of use for."""
        return cls()

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> FactsByRule:
        """Gives itself: there is nothing to hear."""
        return self

    def ask(self, turn: Turn, checkpoint: Checkpoint, passage: int = 0) -> Iterator[str | Ending]:
        """Yields the text sentence by sentence, and an Ending with its clauses; no tokens are counted.

        See :class:`services.llm_audio.contract.Session`.
        """
        checkpoint()
        prose = write(turn.prompt, turn.facts)
        for index, sentence in enumerate(prose.sentences):
            checkpoint()
            yield f" {sentence}" if index else sentence
        yield Ending(True, Usage(), prose.clauses)
