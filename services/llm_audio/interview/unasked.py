"""Answers by rule where there is nothing to ask a model about: of silence, tones and noise it would invent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from chassis.audio.emptiness import Emptiness
from chassis.reports import WarningReport, WorkReport
from services.llm_audio.contract import Answer, DescriptionRequest, LanguageModel, Piece, Usage
from services.llm_audio.interview.claims import claims
from services.llm_audio.interview.course import nothing_for
from services.llm_audio.interview.facts import Facts
from services.llm_audio.interview.remarks import remarks
from services.llm_audio.prose.writing import PLANS, write

# Samples looked at at once: half a minute.
_BLOCK = 30 * 16_000
_OWN_QUESTION = "genre_mood"
"""What stands for a question in a caller's own words: what the recording is, and nothing that would be counted."""


@dataclass(frozen=True)
class Unasked:
    """Why a model is not asked: the reason, typed and in words."""

    reason: str
    why: str


def unasked(
    engine: LanguageModel | type[LanguageModel], request: DescriptionRequest, facts: Facts, samples: np.ndarray | None
) -> Unasked | None:
    """Says why a model has nothing to tell of; None where it is asked.

    A model that hears has nothing to tell of where what it would hear, mono float32 (n,) at SAMPLE_RATE, is empty. One
    that writes from facts has nothing where essentia says so; but a caller's own questions and schemas may be about
    other facts, and are put to it.
    """
    if samples is not None:
        emptiness = Emptiness()
        for start in range(0, len(samples), _BLOCK):
            emptiness.feed(samples[start : start + _BLOCK])
        verdict = emptiness.verdict()
        return None if verdict is None else Unasked(*verdict)
    own = request.json_schema or any(prompt.text.strip() for prompt in request.prompts)
    if facts.nothing is None or engine.hears or engine.by_rule or own:
        return None
    return Unasked(facts.nothing, f"by essentia the recording is {nothing_for(facts.nothing).text}")


def answer(
    request: DescriptionRequest, facts: Facts, found: Unasked, model: str
) -> Iterator[Piece | Answer | WarningReport]:
    """Yields each answer in one piece, what is to be known of it, and that the model was not asked."""
    shown = facts.shown if facts.nothing else (replace(nothing_for(found.reason), path=""), *facts.shown)
    for prompt in request.prompts:
        plan = _OWN_QUESTION if prompt.text.strip() else prompt.name
        prose = write(plan, shown) if plan in PLANS and not request.json_schema else None
        text = "" if prose is None else " ".join(prose.sentences)
        stated = claims(text, facts) if request.check_claims else ()
        if text:
            yield Piece(prompt.name, text, 1)
        told = Answer(
            prompt.name, text, None, True, stated, 1, Usage(), "", clauses=() if prose is None else prose.clauses
        )
        yield told
        yield from remarks(told, False, bool(request.json_schema))
    yield WarningReport(found.reason, f"{found.why}: {model} was not asked, and what is said is by rule", "answers")


def work(request: DescriptionRequest, model: str) -> WorkReport:
    """Tells how such answers were made."""
    return WorkReport(
        engine="facts",
        model=None,
        device="cpu",
        precision="exact",
        library_versions={},
        parameters={
            "model": "facts",
            "prompts": ",".join(prompt.name for prompt in request.prompts),
            "check_claims": str(request.check_claims).lower(),
            "not_asked": model,
        },
        seed=None,
    )
