"""What a call may ask of a language model, checked before anything is computed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from antiphon_wire.errors import invalid
from antiphon_wire.spelling import did_you_mean

MAX_PROMPTS = 16
MAX_PROMPT_CHARACTERS = 4000
MAX_TOKENS = 8192
LEAST_TEMPERATURE = 1e-6
"""Scores divided by far less are no numbers any more."""
MAX_FACTS_BYTES = 1 << 20
MAX_SCHEMA_CHARACTERS = 65_536

PROMPT_NAMES = ("full", "technical", "genre_mood", "instrumentation", "structure", "transcribe", "analyze")
"""The questions that every engine knows by name; their wording is in ``interview/prompts.py``."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")


def answer_key(prompt: str, heard: bool) -> str:
    """Gives the key of an answer: that of older exports where the model hears, another where it does not."""
    return f"{'music_flamingo' if heard else 'description'}_{prompt}"


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
        temperature: LEAST_TEMPERATURE to 2.
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
            ("temperature", LEAST_TEMPERATURE <= self.temperature <= 2.0, f"{LEAST_TEMPERATURE:g} to 2"),
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
        """Tells what is in force, by field name."""
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
        cold: Whether the model is loaded anew even where it is there, so that what it costs can be measured.

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
    cold: bool = False

    def __post_init__(self) -> None:
        check_prompt_count(len(self.prompts))
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


def check_prompt_count(count: int) -> None:
    """Checks how many prompts there are, which may be done before they are made.

    Raises:
        AntiphonError: PROMPTS_TOO_MANY.
    """
    if not 1 <= count <= MAX_PROMPTS:
        raise invalid(
            "PROMPTS_TOO_MANY",
            f"{count} prompts; give at most {MAX_PROMPTS}",
            field="config.prompts",
            prompts=count,
            max_prompts=MAX_PROMPTS,
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
            f"the prompt {prompt.name!r} has no text, and its name has no wording; "
            f"{did_you_mean(prompt.name, PROMPT_NAMES)}give a text, or one of {known}",
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
