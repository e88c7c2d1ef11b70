"""A GGUF text model that writes prose from facts; it hears nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chassis.models import InstalledModel
from chassis.reports import WarningFacts
from services.llm_audio.contract import Checkpoint, Ending, Passage, Turn, Usage
from services.llm_audio.engines.llama import gguf
from services.llm_audio.engines.llama.chat import Chat
from services.llm_audio.engines.llama.writing import Writer
from services.llm_audio.settings import LlmAudioSettings


class TextGguf:
    """A text model by llama.cpp; see :class:`services.llm_audio.contract.LanguageModel`.

    Its GGUF is the model's only file.

    Raises:
        AntiphonError: NO_CHAT_TEMPLATE, MODEL_UNREADABLE, OUT_OF_MEMORY, DEVICE_NOT_AVAILABLE.
    """

    hears = False
    warnings: tuple[WarningFacts, ...] = ()
    passages: tuple[Passage, ...] = ()
    repeat_penalty = 1.1  # small models go round in circles without

    def __init__(self, installed: InstalledModel, settings: LlmAudioSettings) -> None:
        (path,) = installed.files.values()
        llama = gguf.load(path, settings, settings.context_tokens)
        self._chat = Chat(llama, path.name)
        self._writer = Writer(llama)
        layers = gguf.gpu_layers(settings)
        self.device = "cpu" if layers == 0 else "cuda"
        self.precision = gguf.describe(llama)
        self.library_versions = gguf.library_versions()
        self.parameters = {"context_tokens": str(llama.n_ctx()), "gpu_layers": str(layers)}

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> TextGguf:
        """Begins; there is nothing to hear, and what was read before may be read on."""
        return self

    def ask(self, turn: Turn, checkpoint: Checkpoint, passage: int = 0) -> Iterator[str | Ending]:
        """Yields the text and an Ending; see :class:`services.llm_audio.contract.Session`."""
        shared = self._chat.clean(turn.shared)
        tokens = self._tokens(turn, shared + self._chat.clean(turn.question))
        computed = self._writer.read(tokens, self._common(turn, shared, tokens), checkpoint)
        usage = Usage(prompt=len(tokens), evaluated=computed)
        yield from self._writer.write(turn.sampling, turn.json_schema, checkpoint, usage)

    def _tokens(self, turn: Turn, question: str) -> list[int]:
        return self._writer.tokens(self._chat.render(turn.system, turn.example, question))

    def _common(self, turn: Turn, shared: str, tokens: list[int]) -> int:
        """How many tokens are the same whatever is asked after ``shared``: found by asking two other things."""
        probes = (self._tokens(turn, shared + "A"), self._tokens(turn, shared + "0"))
        rows = enumerate(zip(tokens, *probes, strict=False))
        return next((index for index, row in rows if len(set(row)) > 1), 0)
