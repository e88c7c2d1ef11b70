"""The engines of the llm_audio family, each with a tiny model whose text means nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.llm_audio.contract import Answer, DescriptionRequest, Measured, Piece, Prompt, Sampling, Summary
from services.llm_audio.settings import LlmAudioSettings
from tests.contract.signals import music
from tests.contract.specimen import SPECIMEN, Refusal, Specimen

TOKENS = 24
FACTS = json.dumps({"essentia": {"features": {"rhythm": {"bpm": 109.93}}}})
NOTHING = Measured(None, None, 0.0, None, 0.0, None, 0)
"""What a description cost where that is not looked at."""


def description(model: str) -> DescriptionRequest:
    """Twenty-four tokens about a tempo."""
    return DescriptionRequest(model, facts_json=FACTS, sampling=Sampling(max_tokens=TOKENS))


def asked(**changes: Any) -> DescriptionRequest:
    """The same with other fields."""
    return replace(description(SPECIMEN), **changes)


def drawn(seed: int = 0) -> DescriptionRequest:
    """Tokens drawn at random; a request that names no seed has 0."""
    return asked(sampling=Sampling(do_sample=True, max_tokens=TOKENS, seed=seed))


def timeless(event: Any) -> Any:
    """Leaves out what it cost, and the pieces, which hold the text of so many milliseconds; the answer has it whole.

    What was read for the call before need not be computed again.
    """
    if isinstance(event, Piece):
        return None
    if isinstance(event, Answer | Summary):
        event = replace(event, usage=replace(event.usage, evaluated=0))
    return replace(event, measured=NOTHING) if isinstance(event, Summary) else event


def gguf(*, hears: bool) -> Callable[[Path], Mapping[str, bytes]]:
    """Makes a language model in llama.cpp's format, with a projector where it hears."""

    def make(folder: Path) -> Mapping[str, bytes]:
        from standins import tiny_flamingo

        tiny_flamingo.write_language_model(folder / "lm.gguf")
        if hears:
            tiny_flamingo.write_projector(folder / "mmproj.gguf")
        return contents(folder)

    return make


def flamingo(folder: Path) -> Mapping[str, bytes]:
    """A checkpoint of Audio Flamingo 3's architecture."""
    from standins import tiny_flamingo_checkpoint

    return contents(tiny_flamingo_checkpoint.write(folder))


def gemma3n(folder: Path) -> Mapping[str, bytes]:
    """A checkpoint of Gemma 3n."""
    from standins import tiny_gemma3n

    return contents(tiny_gemma3n.write(folder))


def contents(folder: Path) -> Mapping[str, bytes]:
    """What the files of a folder hold, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


NOT_JSON = Refusal("INVALID_ARGUMENT", "FACTS_JSON", lambda: asked(facts_json="["))
DEAF = Refusal("INVALID_ARGUMENT", "PROMPT_NEEDS_AUDIO", lambda: asked(prompts=(Prompt("transcribe"),)))

BESIDES = {"chat_template.jinja": "CHAT_TEMPLATE", "generation_config.json": ""}
"""Of a checkpoint of transformers: any text is a template, and what ends a text is in the tokenizer too."""

TEXT_GGUF = Specimen(
    libraries=("llama-cpp-python",),
    settings=LlmAudioSettings(device="cpu", default_model=SPECIMEN),
    verb="describe",
    ask=description,
    files=gguf(hears=False),
    checkpoints=TOKENS,  # between two tokens
    unreadable="MODEL_UNREADABLE",
    refusals=(NOT_JSON, DEAF),
    timeless=timeless,
    sampled=drawn,
    seeded=lambda request, seed: drawn(seed),
)
FACTS_BY_RULE = Specimen(
    libraries=(),
    settings=LlmAudioSettings(device="cpu", default_model=SPECIMEN),
    verb="describe",
    ask=lambda model: DescriptionRequest(model, facts_json=FACTS),
    checkpoints=2,  # before it writes, and for its only sentence
    refusals=(
        NOT_JSON,
        DEAF,
        Refusal("INVALID_ARGUMENT", "PROMPT_NOT_BY_RULE", lambda: asked(prompts=(Prompt("own", "What is it?"),))),
        Refusal("INVALID_ARGUMENT", "SCHEMA_NOT_BY_RULE", lambda: asked(json_schema='{"type": "object"}')),
        Refusal("INVALID_ARGUMENT", "FACTS_MISSING", lambda: asked(facts_json="")),
    ),
    timeless=timeless,
)
HEARING = replace(TEXT_GGUF, samples=music(35, 16_000, 1), sample_rate=16_000, refusals=(NOT_JSON,))

SPECIMENS = {
    "facts": FACTS_BY_RULE,
    "text-gguf": TEXT_GGUF,
    "music-flamingo-gguf": replace(HEARING, files=gguf(hears=True)),
    "music-flamingo-transformers": replace(
        HEARING,
        libraries=("torch", "transformers"),
        files=flamingo,
        besides=BESIDES,
        refusals=(
            NOT_JSON,
            Refusal("FAILED_PRECONDITION", "ATTENTION_NOT_AVAILABLE", settings={"attention": "flash_attention_2"}),
        ),
    ),
    "gemma3n-transformers": replace(HEARING, libraries=("torch", "transformers"), files=gemma3n, besides=BESIDES),
}
