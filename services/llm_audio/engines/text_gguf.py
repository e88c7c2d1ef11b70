"""A GGUF text model that writes prose from facts; it hears nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from llama_cpp import Llama

from chassis.models import InstalledModel
from chassis.reports import WarningReport
from services.llm_audio.contract import Checkpoint, Ending, Passage, Turn, Usage
from services.llm_audio.on_llama_cpp import loading
from services.llm_audio.on_llama_cpp.chat import Chat
from services.llm_audio.on_llama_cpp.writing import Writer
from services.llm_audio.settings import LlmAudioSettings


class TextGguf:
    """A text model by llama.cpp; see :class:`services.llm_audio.contract.LanguageModel`.

    Args:
        llama: The model and its context; this object alone uses it.
        file: Name of its GGUF, for messages.
        layers: How many of its layers are on a GPU.

    Raises:
        AntiphonError: NO_CHAT_TEMPLATE.
    """

    hears = False
    by_rule = False
    warnings: tuple[WarningReport, ...] = ()
    passages: tuple[Passage, ...] = ()
    repeat_penalty = 1.1  # small models go round in circles without

    def __init__(self, llama: Llama, file: str, layers: int) -> None:
        self._chat = Chat(llama, file)
        self._writer = Writer(llama)
        self.device = "cpu" if layers == 0 else "cuda"
        self.precision = loading.describe(llama)
        self.library_versions = loading.library_versions()
        self.parameters = {"context_tokens": str(llama.n_ctx()), "gpu_layers": str(layers)}

    @classmethod
    def load(cls, model: InstalledModel, settings: LlmAudioSettings) -> Self:
        """Loads the GGUF that is the model's only file.

        Raises:
            AntiphonError: NO_CHAT_TEMPLATE, MODEL_UNREADABLE, OUT_OF_MEMORY, DEVICE_NOT_AVAILABLE.
        """
        (path,) = model.files.values()
        llama = loading.load(path, settings, settings.context_tokens)
        return cls(llama, path.name, loading.gpu_layers(settings))

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> TextGguf:
        """Gives itself: there is nothing to hear, and what was read before may be read on."""
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
