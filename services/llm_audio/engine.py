"""What an engine of the llm_audio family must do, and what it is given and gives back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chassis.errors import AntiphonError, invalid
from chassis.facts import SourceFacts, WarningFacts, WorkFacts

SAMPLE_RATE = 16_000
MAX_PROMPTS = 16
MAX_PROMPT_CHARACTERS = 4000
MAX_TOKENS = 8192
MAX_FACTS_BYTES = 4 << 20
MAX_SCHEMA_CHARACTERS = 65_536

PROMPT_NAMES = ("full", "technical", "genre_mood", "instrumentation", "structure", "transcribe", "analyze")
"""The questions that every engine knows by name; their wording is in ``engines/asking/prompts.py``."""

PENALTY_TOKENS = 64
"""Tokens of an answer, the last ones, that a repeat penalty is for; llama.cpp's usual number."""

CLAIM_KINDS = ("tempo", "key", "number", "genre", "instrument")

_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")


def export_key(prompt: str) -> str:
    """Key under which exports keep the answer to a prompt, the same for every engine."""
    return f"music_flamingo_{prompt}"


@dataclass(frozen=True)
class Prompt:
    """One question: its name, and its wording; empty for the one that belongs to the name."""

    name: str
    text: str = ""


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen.

    Attributes:
        do_sample: Whether to draw; else the likeliest token is taken, and temperature, top_p, top_k and seed
            play no part.
        temperature: Above 0, at most 2.
        top_p: Mass drawn from, above 0 to 1.
        top_k: Number of tokens drawn from, 0 for all to 1000.
        max_tokens: Most tokens of one answer, 1 to MAX_TOKENS.
        seed: 0 to 2**32 - 2; llama.cpp takes the next one for no seed at all.
        repeat_penalty: 1 (none) to 2; None for the engine's own.

    Raises:
        AntiphonError: SAMPLING, with the field at fault.
    """

    do_sample: bool = False
    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 0
    max_tokens: int = 500
    seed: int = 0
    repeat_penalty: float | None = None

    def __post_init__(self) -> None:
        for name, good, right in (
            ("temperature", 0.0 < self.temperature <= 2.0, "above 0 to 2"),
            ("top_p", 0.0 < self.top_p <= 1.0, "above 0 to 1"),
            ("top_k", 0 <= self.top_k <= 1000, "0 to 1000"),
            ("max_tokens", 1 <= self.max_tokens <= MAX_TOKENS, f"1 to {MAX_TOKENS}"),
            ("seed", 0 <= self.seed < 2**32 - 1, "0 to 4294967294"),
            ("repeat_penalty", self.repeat_penalty is None or 1.0 <= self.repeat_penalty <= 2.0, "1 to 2"),
        ):
            if not good:
                value = getattr(self, name)
                raise invalid(
                    "SAMPLING", f"{name} is {value:g}; give {right}", field=f"config.sampling.{name}", value=value
                )

    def parameters(self) -> dict[str, str]:
        """What is in force, by field name."""
        drawn = {"temperature": f"{self.temperature:g}", "top_p": f"{self.top_p:g}", "top_k": str(self.top_k)}
        return {
            "do_sample": str(self.do_sample).lower(),
            **(drawn if self.do_sample else {}),
            "max_tokens": str(self.max_tokens),
            **({} if self.repeat_penalty is None else {"repeat_penalty": f"{self.repeat_penalty:g}"}),
        }


@dataclass(frozen=True)
class DescriptionRequest:
    """What to write.

    Attributes:
        model: Name in models.toml; empty for the default of the engine.
        engine: Engine whose default answers; empty for the service's own.
        prompts: One or more, of unique names.
        facts_json: One JSON object; empty where nothing is known.
        sampling: How tokens are chosen.
        json_schema: JSON Schema of every answer; empty for prose.
        check_claims: Whether the text is held against the facts.

    Raises:
        AntiphonError: PROMPTS_TOO_MANY, PROMPT_NAME, PROMPT_REPEATED, PROMPT_UNKNOWN, PROMPT_TOO_LONG, FACTS_JSON,
            JSON_SCHEMA.
    """

    model: str = ""
    engine: str = ""
    prompts: tuple[Prompt, ...] = (Prompt("full"),)
    facts_json: str = ""
    sampling: Sampling = Sampling()
    json_schema: str = ""
    check_claims: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.prompts) <= MAX_PROMPTS:
            count = len(self.prompts)
            raise invalid(
                "PROMPTS_TOO_MANY",
                f"{count} prompts; give at most {MAX_PROMPTS}",
                field="config.prompts",
                prompts=count,
                max_prompts=MAX_PROMPTS,
            )
        names = [prompt.name for prompt in self.prompts]
        for index, prompt in enumerate(self.prompts):
            _check(prompt, f"config.prompts[{index}]", names[:index])
        for name, text, limit in (
            ("facts_json", self.facts_json, MAX_FACTS_BYTES),
            ("json_schema", self.json_schema, MAX_SCHEMA_CHARACTERS),
        ):
            if len(text.encode()) > limit:
                raise invalid(
                    name.upper(),
                    f"{name} has {len(text.encode())} bytes; give at most {limit}",
                    field=f"config.{name}",
                    bytes=len(text.encode()),
                    limit=limit,
                )


def _check(prompt: Prompt, field: str, before: list[str]) -> None:
    if _NAME.fullmatch(prompt.name) is None:
        raise invalid(
            "PROMPT_NAME",
            f"a prompt is named {prompt.name!r}; give 1 to 40 letters, digits and underscores",
            field=f"{field}.name",
            prompt=prompt.name,
        )
    if prompt.name in before:
        raise invalid(
            "PROMPT_REPEATED",
            f"two prompts are named {prompt.name!r}; give each a name of its own",
            field=f"{field}.name",
            prompt=prompt.name,
        )
    if not prompt.text.strip() and prompt.name not in PROMPT_NAMES:
        known = ", ".join(PROMPT_NAMES)
        raise invalid(
            "PROMPT_UNKNOWN",
            f"the prompt {prompt.name!r} has no text, and its name has no wording; give a text, or one of {known}",
            field=f"{field}.name",
            prompt=prompt.name,
            known=known,
        )
    if len(prompt.text) > MAX_PROMPT_CHARACTERS:
        raise invalid(
            "PROMPT_TOO_LONG",
            f"the prompt {prompt.name!r} has {len(prompt.text)} characters; give at most {MAX_PROMPT_CHARACTERS}",
            field=f"{field}.text",
            characters=len(prompt.text),
            max_characters=MAX_PROMPT_CHARACTERS,
        )


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
    """Something that a text states: kind (one of CLAIM_KINDS), the words, the number, the fact's path."""

    kind: str
    text: str
    value: float | None
    supported: bool
    fact: str = ""


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
    passages: tuple[PassageAnswer, ...] = ()


@dataclass(frozen=True)
class Summary:
    """Last event: the audio (None where the model hears none), how it was made, what to know, the work of all."""

    source: SourceFacts | None
    work: WorkFacts
    warnings: tuple[WarningFacts, ...]
    usage: Usage


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
