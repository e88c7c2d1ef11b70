"""What an engine of the llm_audio family must do, and what it is asked and says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from antiphon_wire.errors import AntiphonError
from chassis.reports import WarningReport
from services.llm_audio.contract.events import Clause, Passage, Usage
from services.llm_audio.contract.fact import Fact
from services.llm_audio.contract.request import Sampling

if TYPE_CHECKING:
    import numpy as np

    from chassis.audio import Source
    from chassis.models import InstalledModel
    from services.llm_audio.settings import LlmAudioSettings

SAMPLE_RATE = 16_000
"""Rate of what models hear (Hz)."""

PENALTY_TOKENS = 64
"""Tokens of an answer, the last ones, that a repeat penalty is for; llama.cpp's usual number."""

Checkpoint = Callable[[], None]
"""Raises Cancelled where nobody wants the answer any more."""


@dataclass(frozen=True)
class Turn:
    """One question put to a model.

    Attributes:
        system: What it is told first; may be empty.
        example: A question and its answer, to show what is wanted; None for none.
        shared: What stands before the question, the same for all questions of a session; may be empty.
        question: What it is asked.
        sampling: How tokens are chosen.
        json_schema: JSON Schema that the text must keep to; empty for prose.
        prompt: Name of the question.
        facts: What ``shared`` tells, for an engine that reads no text.
    """

    system: str
    example: tuple[str, str] | None
    shared: str
    question: str
    sampling: Sampling
    json_schema: str = ""
    prompt: str = ""
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Ending:
    """Last thing that a turn yields: whether the model ended the text, the work done, and what was written by rule."""

    finished: bool
    usage: Usage
    clauses: tuple[Clause, ...] = ()


def context_too_long(needed: int, limit: int) -> AntiphonError:
    """Makes the error for more tokens than a model's context holds."""
    return AntiphonError(
        "OUT_OF_RANGE",
        "CONTEXT_TOO_LONG",
        f"the prompt has {needed} tokens and the context holds {limit}, the answer included; give less, or raise "
        "LLM_AUDIO_CONTEXT_TOKENS",
        {"tokens": needed, "context_tokens": limit},
    )


class Session(Protocol):
    """One recording, or none, about which several questions are asked; what they share is computed once.

    Attributes:
        warnings: What to know of the recording, such as that not all of it is heard.
        passages: The parts that are heard each by itself, in their order; one where all is heard at once, none without
            audio.
    """

    warnings: tuple[WarningReport, ...]
    passages: tuple[Passage, ...]

    def ask(self, turn: Turn, checkpoint: Checkpoint, passage: int = 0) -> Iterator[str | Ending]:
        """Yields the text piece by piece, and an Ending last.

        ``checkpoint`` is called between tokens at least, and at least every 0.25 s while a prompt is read. Of a
        recording in passages, one is asked about; all questions about one before the next are the cheapest order.

        Raises:
            AntiphonError: CONTEXT_TOO_LONG, JSON_SCHEMA, OUT_OF_MEMORY.
        """
        ...


class LanguageModel(Protocol):
    """A loaded model.

    Attributes:
        hears: Whether it listens to audio; one that does not works from facts.
        by_rule: Whether it is no network but rules: those answer the questions that they know by name, in prose.
        repeat_penalty: Penalty on repeated tokens where the caller names none.
        device: Where it computes, such as ``cpu``.
        precision: Number format of the weights, such as ``Q4_1``.
        library_versions: Versions that can change the text, by distribution name.
        parameters: What is set of it besides the request.
    """

    hears: bool
    by_rule: bool
    repeat_penalty: float
    device: str
    precision: str
    library_versions: Mapping[str, str]
    parameters: Mapping[str, str]

    @classmethod
    def load(cls, model: InstalledModel, settings: LlmAudioSettings) -> Self:
        """Loads a model, ready to be asked.

        Raises:
            AntiphonError: DEVICE_NOT_AVAILABLE, MODEL_UNREADABLE, NO_CHAT_TEMPLATE, OUT_OF_MEMORY, and what else the
                engine names.
        """
        ...

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> Session:
        """Begins with a recording: mono float32 (n,) at SAMPLE_RATE, in [-1, 1]; None where it does not hear.

        ``start_seconds`` is where the samples begin in the recording.
        """
        ...


class Task(Protocol):
    """One call as the worker hands it over: its audio, None where it has none, and its checkpoint."""

    source: Source | None

    def checkpoint(self) -> None:
        """Raises Cancelled where the call was given up."""
        ...
