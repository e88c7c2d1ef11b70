"""From facts to sentences: which clauses answer which question, and how they are put together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.llm_audio.contract import Clause, Fact
from services.llm_audio.prose.clauses import (
    Wordings,
    chords,
    duration,
    first_words,
    form,
    key,
    loudness,
    loudness_range,
    meter,
    mood,
    nothing,
    sources,
    style,
    tempo,
    vocal_share,
    words_language,
)
from services.llm_audio.prose.known import Known
from services.llm_audio.prose.phrases import listed, quoted

RECORDING, WORDS = ("The recording", "It"), ("The words", "Its words")
"""Subjects: in a text's first sentence, and later."""

_Group = tuple[Wordings, ...]
_MUSIC, _WHOLE, _WORDS = (
    (tempo, meter, key, chords),
    (duration, form, loudness),
    (WORDS, ((words_language, first_words),)),
)
PLANS: Mapping[str, tuple[tuple[tuple[str, str], tuple[_Group, ...]], ...]] = {
    "full": ((RECORDING, ((nothing, style, mood, sources),)), (RECORDING, (_MUSIC, _WHOLE)), _WORDS),
    "technical": (
        (RECORDING, ((nothing,),)),
        (RECORDING, ((tempo, meter, key, chords), (duration,))),
        (RECORDING, ((loudness, loudness_range, vocal_share),)),
    ),
    "genre_mood": ((RECORDING, ((nothing, style, mood),)),),
    "instrumentation": ((RECORDING, ((nothing, sources, vocal_share),)),),
    "structure": ((RECORDING, ((nothing,),)), (RECORDING, ((duration, form, tempo, meter, loudness_range),))),
    "analyze": (
        (RECORDING, ((nothing, sources, vocal_share, style, mood),)),
        (RECORDING, (_MUSIC, (*_WHOLE, loudness_range))),
        _WORDS,
    ),
}
"""For each question by name, the subject of its sentences and their clauses; one with nothing to say is left out."""

MOST_CLAUSES = 4
"""Groups of clauses that have so many together are one sentence; with more, each is its own."""

WITH_OTHERS = ("full", "analyze")
"""Questions whose answer ends with facts that no clause is made for, such as a caller's title of the recording."""
_MOST_OTHERS = 3
_LONGEST_LABEL = 40
_OURS = ("essentia.", "speech.", "fusion.")


@dataclass(frozen=True)
class Prose:
    """A text, as sentences, and its clauses in their order; both empty where nothing is known of what was asked."""

    sentences: tuple[str, ...]
    clauses: tuple[Clause, ...]


def write(prompt: str, facts: Sequence[Fact]) -> Prose:
    """Answers the question of that name from the facts, the same for the same facts.

    Raises:
        KeyError: there is no plan of that name.
    """
    known = Known(facts)
    sentences: list[str] = []
    said: list[Clause] = []
    for subject, groups in PLANS[prompt]:
        found = [[clause for each in group if (clause := _first_held(each(known), known))] for group in groups]
        if sum(map(len, found)) <= MOST_CLAUSES:
            found = [[clause for group in found for clause in group]]
        for group in filter(None, found):
            sentences.append(f"{subject[bool(sentences)]} {listed([clause.text for clause in group])}.")
            said += group
    others = list(_others(known, {path for clause in said for path in clause.facts})) if prompt in WITH_OTHERS else []
    if others:
        opening = "The facts also give" if sentences else "The facts give"
        sentences.append(f"{opening} {listed([clause.text for clause in others])}.")
    return Prose(tuple(sentences), (*said, *others))


def _first_held(wordings: Iterator[Clause], known: Known) -> Clause | None:
    return next((clause for clause in wordings if known.holds(clause.text)), None)


def _others(known: Known, said: set[str]) -> Iterator[Clause]:
    """Yields the first few of a caller's own facts that were not said, each by its name."""
    found = (
        _other(fact) for fact in known.facts if fact.path and fact.path not in said and not fact.path.startswith(_OURS)
    )
    held = [clause for clause in found if clause is not None and known.holds(clause.text)]
    yield from held[:_MOST_OTHERS]


def _other(fact: Fact) -> Clause | None:
    label = " ".join(fact.label.replace('"', "'").split())
    text = quoted(fact.text) if fact.value is None else fact.text if math.isfinite(fact.value) else ""
    return Clause(f"{label} as {text}", (fact.path,)) if label and text and len(label) <= _LONGEST_LABEL else None
