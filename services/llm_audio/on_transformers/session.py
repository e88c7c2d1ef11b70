"""One recording before a model of transformers: each passage is heard once, and stays for every question about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from chassis.reports import WarningReport
from services.llm_audio.contract import Checkpoint, Ending, Passage, Turn, Usage
from services.llm_audio.hearing.passages import remark
from services.llm_audio.on_transformers.chat import Chat
from services.llm_audio.on_transformers.writing import Heard, Writer

Hear = Callable[[str, np.ndarray, Checkpoint], Heard]
"""Reads a text and the audio behind it, mono float32 (n,) at SAMPLE_RATE, into a new cache."""


class Session:
    """See :class:`services.llm_audio.contract.Session`.

    Args:
        hear: How the model hears.
        chat: Its chat's form.
        writer: Its writer.
        passages: When each passage is.
        samples: Of each passage, mono float32 (n,) at SAMPLE_RATE.
    """

    def __init__(
        self, hear: Hear, chat: Chat, writer: Writer, passages: Sequence[Passage], samples: Sequence[np.ndarray]
    ) -> None:
        self._hear, self._chat, self._writer, self._samples = hear, chat, writer, samples
        self.passages = tuple(passages)
        self.warnings: tuple[WarningReport, ...] = remark(self.passages)
        self._heard: tuple[int, str, Heard] | None = None

    def ask(self, turn: Turn, checkpoint: Checkpoint, passage: int = 0) -> Iterator[str | Ending]:
        """Yields the text and an Ending; see :class:`services.llm_audio.contract.Session`."""
        before, after = self._chat.render(turn)
        done = Usage()
        if self._heard is None or self._heard[:2] != (passage, before):
            self._heard = None
            heard = self._hear(before, self._samples[passage], checkpoint)
            self._heard = (passage, before, heard)
            done = Usage(evaluated=heard.tokens, encoded=heard.audio_tokens)
        heard = self._heard[2]
        tokens = self._chat.tokens(after)
        yield from self._writer.write(heard, tokens, turn.sampling, turn.json_schema, checkpoint, done)
