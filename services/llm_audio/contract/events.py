"""What a description yields, from its header to its summary: frozen, free of protobuf."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.reports import ProgressReport, SourceReport, WarningReport, WorkReport

CLAIM_KINDS = ("tempo", "key", "number", "genre", "instrument")


@dataclass(frozen=True)
class Header:
    """First event: the audio, None where the model hears none, and the names of the prompts."""

    source: SourceReport | None
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
class Clause:
    """A part of a text that was written by rule, as it stands there, and the paths of the facts that it says."""

    text: str
    facts: tuple[str, ...]


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
        clauses: What each part of the text was written from, in the order of the text; empty but for prose by rule.
        heard: Whether the model hears, and does not work from facts alone.
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
    clauses: tuple[Clause, ...] = ()
    heard: bool = False


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
    """Last event: the audio (None where the model hears none), how it was made, what to know, the work, its cost.

    ``asked`` is False where there was nothing to ask the model about, and it was not.
    """

    source: SourceReport | None
    work: WorkReport
    warnings: tuple[WarningReport, ...]
    usage: Usage
    measured: Measured
    asked: bool = True


DescriptionEvent = ProgressReport | Header | Piece | Answer | Summary
"""What a description yields."""
