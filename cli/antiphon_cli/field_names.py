"""What a service says of the fields of a request, in the words of the options that they were typed as."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

import click

from antiphon_client import AntiphonClientError

OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bits_per_sample": ("--bits",),
        "bit_rate_kbps": ("--bitrate",),
        "quality": ("--quality",),
        "output_encoding": ("--format", "--stem-format"),
        "output_sample_rate_hertz": ("--rate",),
        "sample_rate_hertz": ("--rate",),
        "keep_sample_rate": ("--rate keep",),
        "keep_tags": ("--tags",),
        "clip_mode": ("--clip-mode",),
        "track": ("--track",),
        "start_offset": ("--start",),
        "end_offset": ("--end",),
        "stems": ("--stems",),
        "shifts": ("--shifts",),
        "overlap": ("--overlap",),
        "segment": ("--segment",),
        "seed": ("--seed",),
        "model": ("--model",),
        "engine": ("--engine",),
        "language_code": ("--language",),
        "beam_size": ("--beam",),
        "initial_prompt": ("--prompt",),
        "hotwords": ("--hotword",),
        "diarize": ("--diarize",),
        "speaker_count": ("--speakers",),
        "task": ("--translate",),
        "lyrics": ("--lyrics",),
        "facts_json": ("--facts",),
        "json_schema": ("--schema",),
        "prompts": ("--prompt", "--prompts"),
        "max_tokens": ("--max-tokens",),
        "temperature": ("--temperature",),
        "top_k": ("--top-k",),
        "top_p": ("--top-p",),
        "repeat_penalty": ("--repeat-penalty",),
        "guidance_scale": ("--guidance",),
        "negative_prompt": ("--negative",),
        "pieces_per_prompt": ("--count",),
        "duration": ("--seconds",),
        "stages": ("--only",),
    }
)
"""The options of each field of a config, by the field's own name; a command has at most one of them."""

FORMATS: Mapping[str, str] = MappingProxyType(
    {"aac": "m4a", "vorbis": "ogg", "pcm_s16le": "s16le", "pcm_f32le": "f32le"}
)
"""What a service calls the formats that ``--format`` calls otherwise."""


def in_options(error: AntiphonClientError, options: Collection[str] | None = None) -> str:
    """Returns an error's message in the words of the command line.

    Args:
        error: What a service said.
        options: Those that the command has; of the one that runs where None.
    """
    given = _of_this_command() if options is None else options
    text = error.message
    for field, names in OPTIONS.items():
        option = next((name for name in names if name.split()[0] in given), "")
        if option:
            text = re.sub(_mention(field), option, text)
    if "encoding" in error.metadata and given:
        text = re.sub(rf"\b({'|'.join(FORMATS)})\b", lambda found: FORMATS[found[0]], text)
    return _with_time(text, error) if "--timeout" in given else text


def _with_time(text: str, error: AntiphonClientError) -> str:
    if error.reason == "STAGE_DEADLINE":
        return text.replace("allow the call more time", "allow more time by --timeout")
    return f"{text}; allow more time by --timeout" if error.reason == "DEADLINE_EXCEEDED" else text


def told(error: AntiphonClientError) -> str:
    """Returns reason and message of an error, as :func:`in_options` says it."""
    return f"{error.reason}: {in_options(error)}"


def option_of(path: str, options: Collection[str] | None = None) -> str:
    """Returns the option that a field such as ``config.output_options.quality`` was typed as; empty for none."""
    given = _of_this_command() if options is None else options
    leaf = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
    return next((name for name in OPTIONS.get(leaf, ()) if name.split()[0] in given), "")


def _mention(field: str) -> str:
    """A field with an underscore is one wherever it stands; a plain word only where a message speaks of a field."""
    if "_" in field:
        return rf"\b{field}\b"
    return rf"(?:^|(?<=\bleave )|(?<= has no )){field}(?=(?:\[\d+\])? is |\[\d+\]: | out\b|; )"


def _of_this_command() -> frozenset[str]:
    context = click.get_current_context(silent=True)
    parameters = context.command.params if context is not None else ()
    return frozenset(name for each in parameters if isinstance(each, click.Option) for name in each.opts)
