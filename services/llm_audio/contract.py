"""What an engine of the llm_audio family must do, and what it is given and gives back; requests are in request.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from antiphon_wire.errors import AntiphonError
from chassis.reports import SourceFacts, WarningFacts, WorkFacts
from services.llm_audio.request import MAX_TOKENS as MAX_TOKENS
from services.llm_audio.request import PROMPT_NAMES as PROMPT_NAMES
from services.llm_audio.request import DescriptionRequest as DescriptionRequest
from services.llm_audio.request import Prompt as Prompt
from services.llm_audio.request import Sampling as Sampling
from services.llm_audio.request import export_key as export_key

SAMPLE_RATE = 16_000

PENALTY_TOKENS = 64
"""Tokens of an answer, the last ones, that a repeat penalty is for; llama.cpp's usual number."""

CLAIM_KINDS = ("tempo", "key", "number", "genre", "instrument")


@dataclass(frozen=True)
class Header:
    """First event: the audio, None where the model hears none, and the names of the prompts."""

    source: SourceFacts | None
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A piece of the text of a prompt; a higher attempt voids the pieces of that prompt before it."""

    prompt: str
    text: str
    attempt: int


@dataclass(frozen=True)
class Usage:
    """Work done, in tokens: of the prompt, computed of those, written, computed by the audio encoder."""

    prompt: int = 0
    evaluated: int = 0
    answer: int = 0
    encoded: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt + other.prompt,
            self.evaluated + other.evaluated,
            self.answer + other.answer,
            self.encoded + other.encoded,
        )


@dataclass(frozen=True)
class Claim:
    """Something that a text states: kind (one of CLAIM_KINDS), the words, the number, the fact's path, the unit."""

    kind: str
    text: str
    value: float | None
    supported: bool
    fact: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Timing:
    """Wall time of one answer in seconds: until its first text (None where none came), in all, and of writing alone.

    Writing is from the first text of each attempt to its end; ``written`` tokens came in it, without the first ones.
    """

    first_text: float | None
    total: float
    writing: float
    written: int


@dataclass(frozen=True)
class Passage:
    """A part of a recording that a model hears by itself: its start and end in the recording (s)."""

    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class PassageAnswer:
    """What was said of one passage: where it is, the text, the text as canonical JSON, whether the model ended it."""

    passage: Passage
    text: str
    json: str | None
    finished: bool


@dataclass(frozen=True)
class Answer:
    """What became of one prompt.

    Attributes:
        prompt: Its name.
        text: Without white space around it.
        json: The text as canonical JSON; None without a schema, or where the text does not keep to it.
        finished: Whether the model ended it; False where the room was used up.
        claims: What the text states; empty where it was not checked.
        attempts: 2 where the first one stated what the facts do not hold.
        usage: Work of all attempts.
        asked: The question, placeholders filled in.
        timing: How long it took.
        passages: What was said of each passage; empty where the recording was heard in one.
    """

    prompt: str
    text: str
    json: str | None
    finished: bool
    claims: tuple[Claim, ...]
    attempts: int
    usage: Usage
    asked: str
    timing: Timing
    passages: tuple[PassageAnswer, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a description cost, by the clocks and counters of its worker.

    Attributes:
        load_seconds: Wall time of loading the model; None where it was there.
        first_text_seconds: Wall time from the first question, audio to be heard included, to the first text; None where
            none was written.
        answer_seconds: Wall time of all questions.
        tokens_per_second: While writing; None where no answer has two tokens.
        cpu_seconds: CPU time of the process for loading, hearing and answering.
        peak_memory_bytes: Most resident memory of the process; None where the kernel does not tell.
        memory_before_bytes: Resident memory before the model was loaded.
    """

    load_seconds: float | None
    first_text_seconds: float | None
    answer_seconds: float
    tokens_per_second: float | None
    cpu_seconds: float
    peak_memory_bytes: int | None
    memory_before_bytes: int


@dataclass(frozen=True)
class Summary:
    """Last event: the audio (None where the model hears none), how it was made, what to know, the work, its cost."""

    source: SourceFacts | None
    work: WorkFacts
    warnings: tuple[WarningFacts, ...]
    usage: Usage
    measured: Measured


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
    """

    system: str
    example: tuple[str, str] | None
    shared: str
    question: str
    sampling: Sampling
    json_schema: str = ""


@dataclass(frozen=True)
class Ending:
    """Last thing that a turn yields: whether the model ended the text, and the work done."""

    finished: bool
    usage: Usage


Checkpoint = Callable[[], None]


def context_too_long(needed: int, limit: int) -> AntiphonError:
    """More tokens than a model's context holds."""
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

    warnings: tuple[WarningFacts, ...]
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
    """A loaded model. Made from an InstalledModel and the family's settings.

    Attributes:
        hears: Whether it listens to audio; one that does not works from facts.
        repeat_penalty: Penalty on repeated tokens where the caller names none.
        device: Where it computes, such as ``cpu``.
        precision: Number format of the weights, such as ``Q4_1``.
        library_versions: Versions that can change the text, by distribution name.
        parameters: What is set of it besides the request.
    """

    hears: bool
    repeat_penalty: float
    device: str
    precision: str
    library_versions: Mapping[str, str]
    parameters: Mapping[str, str]

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> Session:
        """Begins with a recording: mono float32 (n,) at SAMPLE_RATE, in [-1, 1]; None where it does not hear.

        ``start_seconds`` is where the samples begin in the recording.
        """
        ...
