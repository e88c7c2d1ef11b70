"""The clauses: each says one fact of a recording, or two that belong together, and names them.

Each function yields wordings of one clause, the best first: the writer takes the first whose claims the facts hold.
Names may make a wording state what no fact says ("drum" and "bass" beside each other are a genre). A clause is a
predicate; its subject is the recording or its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from services.llm_audio.contract import Clause, Fact
from services.llm_audio.interview.course import METERS, NOTHING, SWINGS
from services.llm_audio.interview.vocabulary import NO_STYLES
from services.llm_audio.prose.known import Known, best, denies, names, shorter
from services.llm_audio.prose.languages import language
from services.llm_audio.prose.phrases import clock, length, listed, quoted

Wordings = Callable[[Known], Iterator[Clause]]

LOUD_LUFS = -14.0
"""From here on a recording is loud: what streaming services play back at, so they turn it down."""
QUIET_LUFS = -23.0
"""From here down it is quiet: the target of broadcasters (EBU R 128)."""

_KEY = re.compile(r"[A-G](?:[#b♯♭])? (?:major|minor)")
_CHORD = re.compile(r"[A-G][#b]?m?")
_MOST_CHORDS, _COMMON, _MOST_OF_IT = 4, 0.1, 0.6
"""Most chords to name; the share of the time that each must have, and that they must have together."""
_MOST_KEYS, _LONGEST_FORM = 4, 10
_CLEARLY = 1.5
"""How many times the score of men's voices that of women's must be, or the other way round, for a voice to be one."""
_WOMEN, _MEN, _SINGING = {"female", "woman"}, {"male", "man"}, {"singing", "singer", "vocalist", "vocalists", "vocals"}


def style(known: Known) -> Iterator[Clause]:
    """Says the genres."""
    fact = known.labelled("genres", "genre")
    for chosen in shorter(best(fact, NO_STYLES)):
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
    """Says the tempos that it goes through, or its one tempo, and that that is in doubt where most say another."""
    stretches = [fact for fact in known.facts if fact.label == "tempo of a stretch" and fact.value is not None]
    names = list(dict.fromkeys(f"{fact.value:.0f} BPM" for fact in stretches))
    if len(stretches) == 2 and len(names) == 2:
        yield _clause(f"goes from {names[0]} to {names[1]}", *stretches)
    if 1 < len(names) <= _MOST_KEYS:
        yield _clause(f"goes through {listed(names)}", *stretches)
    found = known.number("tempo", 1.0, 1000.0)
    if found:
        doubt = "mostly " if stretches else "perhaps " if found[0].doubt else ""
        yield _clause(f"{doubt}runs at {found[1]:.0f} BPM", found[0])


def meter(known: Known) -> Iterator[Clause]:
    """Says the meter, and whether it swings: "swung", for "swing" is a genre."""
    fact, swing = known.labelled("meter"), known.number("number", SWINGS, 10.0, "swing ratio")
    if fact is not None and fact.text in METERS.values():
        if swing:
            yield _clause(f"keeps {fact.text} time with swung beats", fact, swing[0])
        yield _clause(f"keeps {fact.text} time", fact)
    if swing:
        yield _clause("has swung beats", swing[0])


def key(known: Known) -> Iterator[Clause]:
    """Says the keys that it goes through, or its one key with the mode; and that the key is in doubt."""
    stretches = [fact for fact in known.facts if fact.label == "key of a stretch" and _KEY.fullmatch(fact.text)]
    if len(stretches) == 2:
        change = known.labelled("change of key")
        when = "" if change is None or change.value is None else f" at {clock(change.value)}"
        text = f"goes from {stretches[0].text} to {stretches[1].text}"
        yield from (_clause(text + when, *stretches, change), _clause(text, *stretches))
    names = list(dict.fromkeys(fact.text for fact in stretches))
    if 1 < len(names) <= _MOST_KEYS:
        yield _clause(f"goes through {listed(names)}", *stretches)
    fact = next((fact for fact in known.facts if fact.kind == "key"), None)
    if fact is None or not _KEY.fullmatch(fact.text):
        return
    where = f"{'perhaps ' if fact.doubt else 'mostly ' if stretches else ''}in {fact.text}"
    mode = known.labelled("mode")
    if mode is not None and not stretches:
        yield _clause(f"is {where} ({mode.text})", fact, mode)
    yield _clause(f"is {where}", fact)


def chords(known: Known) -> Iterator[Clause]:
    """Says the chords that it mostly consists of, where these few are most of it."""
    fact = known.labelled("chords")
    rows = [(name, share) for name, share in names(fact) if share >= _COMMON and _CHORD.fullmatch(name)][:_MOST_CHORDS]
    if len(rows) > 1 and sum(share for _, share in rows) >= _MOST_OF_IT:
        yield _clause(f"moves mostly between {listed([name for name, _ in rows])}", fact)


def form(known: Known) -> Iterator[Clause]:
    """Says the form, letter by letter, or how many sections there are of how many kinds."""
    fact = known.labelled("form")
    found, kinds = (known.number("number", 1, 1000, label) for label in ("sections", "different sections"))
    # Where nothing comes back there is no form to speak of.
    repeats = found is not None and kinds is not None and kinds[1] < found[1]
    if fact is not None and repeats and len(fact.text) <= _LONGEST_FORM and fact.text.isalpha():
        yield _clause(f"has the form {fact.text}", fact)
    if found and kinds and repeats:
        yield _clause(f"has {found[1]:.0f} sections of {kinds[1]:.0f} kinds", found[0], kinds[0])
    elif found and found[1] > 2:
        yield _clause(f"has {found[1]:.0f} different sections", found[0])


def nothing(known: Known) -> Iterator[Clause]:
    """Says that there is nothing to tell of: that it is silent, or one tone."""
    fact = known.labelled("sound")
    if fact is not None and fact.text in NOTHING.values():
        yield _clause(f"is {fact.text}", fact)


def duration(known: Known) -> Iterator[Clause]:
    """Says how long it is."""
    found = known.number("number", 0.0, 1e6, "length", "duration seconds", "length seconds")
    if found:
        yield _clause(f"lasts {length(found[1])}", found[0])


def loudness(known: Known) -> Iterator[Clause]:
    """Says how loud it is on the whole, and its greatest peak."""
    found = known.number("number", -100.0, 20.0, "loudness", "integrated lufs")
    if not found or found[0].unit != "LUFS":
        return
    value = round(found[1], 1) + 0.0  # no -0.0
    word = "is loud at" if value >= LOUD_LUFS else "is quiet at" if value <= QUIET_LUFS else "has a loudness of"
    text, peak = f"{word} {value:.1f} LUFS", known.number("number", -100.0, 40.0, "true peak")
    if peak and peak[0].unit == "dBTP":
        yield _clause(f"{text} with a true peak of {round(peak[1], 1) + 0.0:.1f} dBTP", found[0], peak[0])
    yield _clause(text, found[0])


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
