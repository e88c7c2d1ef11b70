"""Music Flamingo by llama.cpp: a GGUF language model and its audio projector, in process, the audio encoded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from llama_cpp import Llama

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models import InstalledModel
from chassis.reports import WarningReport
from services.llm_audio.contract import Checkpoint, Ending, Passage, Turn, Usage
from services.llm_audio.hearing import flamingo_windows
from services.llm_audio.hearing.passages import remark
from services.llm_audio.on_llama_cpp import loading
from services.llm_audio.on_llama_cpp.chat import Chat
from services.llm_audio.on_llama_cpp.ears import MARKER, Ears
from services.llm_audio.on_llama_cpp.writing import Writer
from services.llm_audio.settings import LlmAudioSettings

_FRAME_TOKENS = 64  # the literal tokens that libmtmd puts around audio


class MusicFlamingoGguf:
    """A language model that hears, by llama.cpp; see :class:`services.llm_audio.contract.LanguageModel`.

    The context is made as long as the audio needs.

    Args:
        path: GGUF of the language model.
        projector: GGUF of its audio encoder and projector.
        settings: The service's.

    Raises:
        AntiphonError: MMPROJ_NO_AUDIO, NO_CHAT_TEMPLATE, MODEL_UNREADABLE, OUT_OF_MEMORY, DEVICE_NOT_AVAILABLE.
    """

    hears = True
    by_rule = False
    repeat_penalty = 1.0

    def __init__(self, path: Path, projector: Path, settings: LlmAudioSettings) -> None:
        self._path, self._projector, self._settings = path, projector, settings
        self._layers = loading.gpu_layers(settings)
        self._ears: Ears | None = None
        self._llama: Llama
        self._make_room(1)
        self.device = "cpu" if self._layers == 0 else "cuda"
        self.precision = loading.describe(self._llama)
        self.library_versions = loading.library_versions()
        heard = flamingo_windows.TOKENS_PER_WINDOW
        self.parameters = {
            "context_tokens": f"{settings.context_tokens} and {heard} for each 30 s of audio",
            "gpu_layers": str(self._layers),
        }

    @classmethod
    def load(cls, model: InstalledModel, settings: LlmAudioSettings) -> Self:
        """Loads a model's two files, of which the projector's name holds "mmproj".

        Raises:
            AntiphonError: MMPROJ_MISSING; GEMMA3N_AUDIO_GGUF for Gemma 3n, whose audio llama.cpp cannot run; and what
                the class names.
        """
        path, projector = _files(model)
        if loading.architecture(path) == "gemma3n":
            raise AntiphonError(
                "UNIMPLEMENTED",
                "GEMMA3N_AUDIO_GGUF",
                "llama.cpp has no encoder for Gemma 3n's audio; only transformers runs it",
                {"file": path.name},
            )
        return cls(path, projector, settings)

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> Session:
        """Begins with a recording: mono float32 (n,) at 16 kHz; what is beyond ten minutes is heard by itself."""
        assert audio is not None, "the job refuses a call without audio"
        found, fitted = flamingo_windows.listen(audio, start_seconds)
        if (windows := max(map(flamingo_windows.windows_of, fitted))) > self._windows:
            self._make_room(windows)
        assert self._ears is not None
        return Session(self, self._ears, fitted, found)

    def _make_room(self, windows: int) -> None:
        """Loads with a context for that many windows of audio; llama.cpp cannot lengthen one that is there."""
        if self._ears is not None:
            self._ears.close()
            self._llama.close()
        tokens = self._settings.context_tokens + windows * flamingo_windows.TOKENS_PER_WINDOW + _FRAME_TOKENS
        self._llama = loading.load(self._path, self._settings, tokens)
        self.chat = Chat(self._llama, self._path.name)
        self.writer = Writer(self._llama)
        self._ears = Ears(self._projector, self._llama, self._settings.thread_count, self._layers != 0)
        self._windows = windows

    def render(self, turn: Turn) -> tuple[str, str]:
        """Gives the prompt before and after the audio, which comes first so that questions share it."""
        question = self.chat.clean(turn.shared + turn.question).replace(MARKER, " ")
        text = self.chat.render(turn.system, turn.example, f"{MARKER}\n{question}")
        before, _, after = text.partition(MARKER)
        return before, after

    def hear(self, before: str, samples: np.ndarray, ears: Ears, checkpoint: Checkpoint) -> int:
        """Reads the audio behind ``before``; returns how many tokens it has."""
        return ears.hear(before, samples, self._llama, self.writer, checkpoint)

    @property
    def reached(self) -> int:
        """Tokens that the context holds."""
        return int(self._llama.n_tokens)

    def rewind(self, tokens: int) -> None:
        """Forgets what was read after the first ``tokens``."""
        self._llama._ctx.kv_cache_seq_rm(-1, tokens, -1)
        self._llama.n_tokens = tokens


class Session:
    """One recording; a passage is encoded and read at the first question about it, and stays for the next ones.

    Attributes:
        passages: When each is.
        warnings: AUDIO_IN_PASSAGES where the recording is longer than the model hears at once.
    """

    def __init__(
        self, model: MusicFlamingoGguf, ears: Ears, samples: list[np.ndarray], found: tuple[Passage, ...]
    ) -> None:
        self._model, self._ears, self._samples = model, ears, samples
        self._heard: tuple[int, str, int] | None = None
        self.passages = found
        self.warnings: tuple[WarningReport, ...] = remark(found)

    def ask(self, turn: Turn, checkpoint: Checkpoint, passage: int = 0) -> Iterator[str | Ending]:
        """Yields the text and an Ending; see :class:`services.llm_audio.contract.Session`."""
        model = self._model
        before, after = model.render(turn)
        encoded = evaluated = 0
        if self._heard is None or self._heard[:2] != (passage, before):
            self._heard = None
            encoded = model.hear(before, self._samples[passage], self._ears, checkpoint)
            evaluated = model.reached
            self._heard = (passage, before, model.reached)
        model.rewind(self._heard[2])
        tokens = model.writer.tokens(after, add_special=False)
        model.writer.append(tokens, checkpoint)
        usage = Usage(prompt=model.reached, evaluated=evaluated + len(tokens), encoded=encoded)
        yield from model.writer.write(turn.sampling, turn.json_schema, checkpoint, usage)


def _files(installed: InstalledModel) -> tuple[Path, Path]:
    projectors = [path for name, path in installed.files.items() if "mmproj" in name]
    models = [path for name, path in installed.files.items() if "mmproj" not in name]
    if len(projectors) != 1 or len(models) != 1:
        raise not_ready(
            "MMPROJ_MISSING",
            f"{installed.name} has the files {', '.join(installed.files)}; a model that hears has two, the language "
            "model and its projector, whose name holds mmproj",
            model=installed.name,
            files=", ".join(installed.files),
        )
    return models[0], projectors[0]
