"""What ``describe`` and ``compare`` share: prompts, facts to write from, and how tokens are drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import exits
from antiphon_cli.files import read_text
from antiphon_cli.options import Command, Number, option_group
from antiphon_wire.spelling import nearest

NAMES = ("full", "technical", "genre_mood", "instrumentation", "structure", "transcribe", "analyze")
"""The prompts that the service knows by name."""

FUSED = ("tempo", "key", "loudness", "vocals")
"""The fused facts of a record that the service reads; the others are in the parts."""

SAMPLING = ("max_tokens", "temperature", "top_p", "seed", "repeat_penalty")


def prompt_option(words: str) -> Callable[[Command], Command]:
    """Makes ``--prompt``; the help lists the names and goes on with ``words``."""
    return click.option(
        "-p",
        "--prompt",
        "prompts",
        multiple=True,
        metavar="PROMPT",
        help=f"What to ask: {', '.join(NAMES)}, or a question of your own{words}",
    )


def sampling_options(temperature: str, seed: str) -> Callable[[Command], Command]:
    """Makes the options of SAMPLING; the helps of two differ between the commands."""
    return option_group(
        click.option(
            "--max-tokens", type=click.IntRange(1, 8192), help="Most tokens of an answer; 500 where not given."
        ),
        click.option("--temperature", type=Number(0, 2), help=temperature),
        click.option("--top-p", type=Number(0, 1, min_open=True), help="Mass of the likeliest tokens to draw from."),
        click.option("--seed", type=click.IntRange(0, 2**32 - 2), help=seed),
        click.option("--repeat-penalty", type=Number(1, 2), help="Penalty on tokens that the text already holds."),
    )


def sampling_of(given: Mapping[str, Any]) -> llm_audio_pb2.Sampling:
    """Returns the sampling that the options of SAMPLING ask for; what is not given stays the service's to choose."""
    return llm_audio_pb2.Sampling(**{name: given[name] for name in SAMPLING if given[name] is not None})


def prompts_of(given: tuple[str, ...]) -> list[llm_audio_pb2.Prompt]:
    """Returns prompts as typed: those known by name, and questions of one's own under numbered names.

    Raises:
        BadParameter: a name is misspelt.
    """
    own = 0
    found = []
    for text in given:
        # A question has more than one word; what is one word and nearly a name is a name that was misspelt.
        if text not in NAMES and len(text.split()) == 1 and (near := nearest(text, NAMES)):
            message = f"{text!r} is no prompt; did you mean {near}? A question of your own has more than one word"
            raise click.BadParameter(message, param_hint="--prompt")
        if text in NAMES:
            found.append(llm_audio_pb2.Prompt(name=text))
        else:
            own += 1
            found.append(llm_audio_pb2.Prompt(name=f"prompt_{own}", text=text))
    return found


def read_facts(path: Path) -> str:
    """Reads the facts of a JSON file; of a record by ``antiphon analyze --json`` those parts that are facts.

    Raises:
        Failure: it cannot be read, or is no JSON.
    """
    text = read_text(path)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise exits.Failure(f"{click.format_filename(path)} is no JSON: {error}") from error
    if isinstance(document, dict) and "schema_version" in document:
        fused = {name: document.get("fusion", {}).get(name) for name in FUSED}
        document = {name: document[name] for name in ("essentia", "speech") if name in document}
        document.get("essentia", {}).get("features", {}).pop("series", None)
        if any(fused.values()):
            document["fusion"] = {name: fact for name, fact in fused.items() if fact}
        return json.dumps(document)
    return text


def read_facts_option(path: Path) -> str:
    """Reads the facts of the file that ``--facts`` names.

    Raises:
        BadParameter: it cannot be read, or is no JSON.
    """
    try:
        return read_facts(path)
    except exits.Failure as error:
        raise click.BadParameter(error.message, param_hint="--facts") from error
