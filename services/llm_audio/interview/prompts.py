"""The questions: their wording by name, and placeholders filled from the facts.

The names, and what each asks for, are those of older exports of Music Flamingo; the wording is ours.
"""

from __future__ import annotations

import re

from antiphon_wire.errors import invalid
from services.llm_audio.contract import Prompt
from services.llm_audio.interview.facts import Facts

WORDING = {
    "full": "Describe this recording in full: its genre, tempo and key, its instruments and production, and the mood "
    "that it creates.",
    "technical": "Give the technical side of this recording in under 20 words: tempo, key, chord movement, texture and "
    "dynamics.",
    "genre_mood": "Name the genre and subgenre of this recording and its emotional character in under 30 words.",
    "instrumentation": "Name the instruments of this recording and their timbre in under 15 words.",
    "structure": "Describe how this recording is built: its sections, the transitions between them, and how its energy "
    "rises and falls.",
    "transcribe": "Write down the words that are spoken or sung in this recording, and nothing else.",
    "analyze": "Analyse this recording: what is heard in it, by whom or by which instruments, how it sounds, and what "
    "stands out.",
}

WRITER = (
    "You write short descriptions of recordings. You have not heard the recording; you are given facts that were "
    "measured. Use these facts alone. Do not add numbers, names, genres or instruments that are not among them."
)
"""What a model that does not hear is told first."""

EXAMPLE = (
    "Facts about the recording:\n- length: 200.0 seconds\n- tempo: 124.0 BPM\n- key: A minor\n- loudness: -14.0 LUFS\n"
    "- genres: jazz, swing\n- instruments: piano\n\nDescribe this recording in full.",
    "The genres are jazz and swing. The tempo is 124.0 BPM and the key is A minor. The instruments are piano. "
    "The recording lasts 200.0 seconds at a loudness of -14.0 LUFS.",
)
"""A question and an answer of the kind that is wanted: small models follow it better than any instruction."""

MAX_QUESTION_CHARACTERS = 65_536
"""Most characters of a question whose placeholders are filled; no model here reads more at once."""

_PLACEHOLDER = re.compile(r"\{(?P<escaped>\{[A-Za-z_][A-Za-z0-9_]*\})\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
"""A name in braces, or in two pairs of them, which stands for itself in one."""


def question(prompt: Prompt, facts: Facts) -> str:
    """Gives the wording of a prompt with its placeholders filled; ``{{bpm}}`` becomes ``{bpm}``.

    Raises:
        AntiphonError: PROMPT_PLACEHOLDER where the facts hold nothing by that name, PROMPT_TOO_LONG where the filled
            question would be longer than MAX_QUESTION_CHARACTERS; before it is made.
    """
    values = facts.placeholders()
    wording = prompt.text.strip() or WORDING[prompt.name]
    length = len(wording)
    for match in _PLACEHOLDER.finditer(wording):
        name = match["name"]
        if name is None:
            length += len(match["escaped"]) - len(match[0])
            continue
        if name not in values:
            known = ", ".join(sorted(values)) or "nothing"
            raise invalid(
                "PROMPT_PLACEHOLDER",
                f"the prompt {prompt.name!r} wants {{{name}}}, which the facts do not hold; they hold {known}",
                field="config.prompts",
                prompt=prompt.name,
                placeholder=name,
                known=known,
            )
        length += len(values[name]) - len(match[0])
    if length > MAX_QUESTION_CHARACTERS:
        raise invalid(
            "PROMPT_TOO_LONG",
            f"the prompt {prompt.name!r} has {length} characters with its placeholders filled; give at most "
            f"{MAX_QUESTION_CHARACTERS}",
            field="config.prompts",
            prompt=prompt.name,
            characters=length,
            max_characters=MAX_QUESTION_CHARACTERS,
        )
    return _PLACEHOLDER.sub(lambda match: match["escaped"] or values[match["name"]], wording)


def given(facts: Facts) -> str:
    """Writes the facts that a model which does not hear is given before each question."""
    lines = "\n".join(f"- {each.label}: {each.text}" for each in facts.shown)
    return f"Facts about the recording:\n{lines}\n\n"


def once_more(asked: str, avoid: tuple[str, ...]) -> str:
    """Words the question after an answer that stated what is not among the facts."""
    return f"{asked}\nThese are not among the facts, do not write them: {', '.join(avoid)}."
