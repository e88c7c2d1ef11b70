"""The clauses: each says one fact of a recording, or two that belong together, and names them.

Each function yields wordings of one clause, the best first: the writer takes the first whose claims the facts hold.
Names may make a wording state what no fact says ("drum" and "bass" beside each other are a genre). A clause is a
predicate; its subject is the recording or its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from services.llm_audio.contract import Clause, Fact
from services.llm_audio.prose.known import Known, best, denies, names, shorter
from services.llm_audio.prose.languages import language
from services.llm_audio.prose.phrases import length, listed, quoted

Wordings = Callable[[Known], Iterator[Clause]]

LOUD_LUFS = -14.0
"""From here on a recording is loud: what streaming services play back at, so they turn it down."""
QUIET_LUFS = -23.0
"""From here down it is quiet: the target of broadcasters (EBU R 128)."""

_KEY = re.compile(r"[A-G](?:[#b♯♭])? (?:major|minor)")
_CLEARLY = 1.5
"""How many times the score of men's voices that of women's must be, or the other way round, for a voice to be one."""
_WOMEN, _MEN, _SINGING = {"female", "woman"}, {"male", "man"}, {"singing", "singer", "vocalist", "vocalists", "vocals"}


def style(known: Known) -> Iterator[Clause]:
    """Says the genres."""
    fact = known.labelled("genres", "genre")
    for chosen in shorter(best(fact)):
        yield _clause(f"is {listed(chosen)} in style", fact)


def mood(known: Known) -> Iterator[Clause]:
    """Says the moods."""
    fact = known.labelled("moods", "mood")
    for chosen in shorter(best(fact)):
        yield _clause(f"sounds {listed(['like a party' if name == 'party' else name for name in chosen])}", fact)


def sources(known: Known) -> Iterator[Clause]:
    """Says what is heard: the instruments, and the voice or that there is none."""
    instruments, voices = known.labelled("instruments", "instrument"), known.labelled("voices", "voice")
    sung = _voice(names(voices))
    for chosen in shorter(best(instruments)):
        yield _clause(f"has {listed([*chosen, *sung])}", instruments, voices if sung else None)
    if sung:
        yield _clause(f"has {sung[0]}", voices)


def _voice(scores: list[tuple[str, float]]) -> list[str]:
    """Words what tags say of voices, as a list of one or none; where they deny and affirm, the higher score counts."""
    affirmed = [(set(name.lower().split()), score) for name, score in scores if not denies(name)]
    said = max((score for _, score in affirmed), default=0.0)
    denied = max((score for name, score in scores if denies(name)), default=0.0)
    if denied > said:
        return ["no voice"]
    if not affirmed:
        return []
    women = max((score for words, score in affirmed if words & _WOMEN), default=0.0)
    men = max((score for words, score in affirmed if words & _MEN), default=0.0)
    if women > _CLEARLY * men:
        return ["a woman's voice"]
    if men > _CLEARLY * women:
        return ["a man's voice"]
    words = set().union(*(words for words, _ in affirmed))
    return ["a choir" if words == {"choir"} else "a singing voice" if words & _SINGING else "a voice"]


def tempo(known: Known) -> Iterator[Clause]:
    """Says the tempo, and that it is in doubt where most estimators say another."""
    found = known.number("tempo", 1.0, 1000.0)
    if found:
        yield _clause(f"{'perhaps ' if found[0].doubt else ''}runs at {found[1]:.0f} BPM", found[0])


def key(known: Known) -> Iterator[Clause]:
    """Says the key, and that it is in doubt where most profiles say another."""
    fact = next((fact for fact in known.facts if fact.kind == "key"), None)
    if fact is not None and _KEY.fullmatch(fact.text):
        yield _clause(f"is {'perhaps ' if fact.doubt else ''}in {fact.text}", fact)


def duration(known: Known) -> Iterator[Clause]:
    """Says how long it is."""
    found = known.number("number", 0.0, 1e6, "length", "duration seconds", "length seconds")
    if found:
        yield _clause(f"lasts {length(found[1])}", found[0])


def loudness(known: Known) -> Iterator[Clause]:
    """Says how loud it is on the whole."""
    found = known.number("number", -100.0, 20.0, "loudness", "integrated lufs")
    if found and found[0].unit == "LUFS":
        value = round(found[1], 1) + 0.0  # no -0.0
        word = "is loud at" if value >= LOUD_LUFS else "is quiet at" if value <= QUIET_LUFS else "has a loudness of"
        yield _clause(f"{word} {value:.1f} LUFS", found[0])


def loudness_range(known: Known) -> Iterator[Clause]:
    """Says how much its loudness varies."""
    found = known.number("number", 0.0, 100.0, "loudness range", "loudness range lu")
    if found and found[0].unit == "LU":
        yield _clause(f"varies in loudness by {found[1]:.1f} LU", found[0])


def vocal_share(known: Known) -> Iterator[Clause]:
    """Says how much of the energy is voice."""
    found = known.number("number", 0.005, 1.0, "vocal share of the energy")
    if found:
        yield _clause(f"gives {found[1] * 100:.0f} % of its energy to the voice", found[0])


def words_language(known: Known) -> Iterator[Clause]:
    """Says which language the words are in."""
    fact = known.labelled("language")
    if fact is not None and fact.text.strip():
        yield _clause(f"are in {language(fact.text)}", fact)


def first_words(known: Known) -> Iterator[Clause]:
    """Says the first words."""
    fact = known.labelled("words", "lyrics")
    opening = quoted(" ".join(line for line, _ in fact.items) or fact.text) if fact is not None else ""
    if opening:
        yield _clause(f"begin {opening}", fact)


def _clause(text: str, *facts: Fact | None) -> Clause:
    """A clause with the paths of the facts that it says, and of what makes them doubtful."""
    paths = (path for fact in facts if fact is not None for path in (fact.path, fact.doubt))
    return Clause(text, tuple(dict.fromkeys(path for path in paths if path)))
