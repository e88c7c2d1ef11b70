"""What is known of a recording: the few facts that are worth telling a model, each with its path in the JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from antiphon_wire.errors import invalid
from services.llm_audio.contract import Fact
from services.llm_audio.interview.course import course, nothing, nothing_for
from services.llm_audio.interview.measured import FUSED, measured
from services.llm_audio.interview.units import unit_of_field
from services.llm_audio.interview.vocabulary import MOODS, VOICES, named

MAX_SHOWN = 60
MAX_TEXT_CHARACTERS = 600
MAX_NUMBER = sys.float_info.max
_TAGS_SHOWN = 5

_TEMPO_WORDS = ("bpm", "tempo")


class Facts:
    """The facts of one request.

    Args:
        document: The JSON object; empty where nothing is known.

    Attributes:
        shown: The facts, at most MAX_SHOWN.
        nothing: Reason for which there is nothing to tell of the recording, such as AUDIO_SILENT; None for all others.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        essentia, speech = _mapping(document, "essentia"), _mapping(document, "speech")
        read = {"essentia", "speech"} | ({"fusion"} if _is_fused(document.get("fusion")) else set())
        rest = {name: value for name, value in document.items() if name not in read}
        self.nothing = nothing(document)
        what = [] if self.nothing is None else [nothing_for(self.nothing)]
        # Small models say the first facts and make up the rest: what is worth the most comes first.
        usual = [*what, *measured(document), *_tags(essentia), *_heard(speech)]
        found = [*usual, *course(document), *_flat(rest, "")]
        self.shown = tuple(found[:MAX_SHOWN])

    @classmethod
    def parse(cls, text: str) -> Facts:
        """Reads the JSON of a request; empty text is no facts.

        Raises:
            AntiphonError: FACTS_JSON where it is not one JSON object.
        """
        if not text.strip():
            return cls({})
        try:
            document = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_number)
            # Half of a surrogate pair can be spelled out in JSON, and written nowhere.
            json.dumps(document, ensure_ascii=False).encode()
            if isinstance(document, dict):
                return cls(document)
        except (ValueError, RecursionError) as error:
            raise _no_facts(f"the facts are no JSON that can be told: {str(error)[:200]}") from error
        raise _no_facts(f"the facts are a JSON {type(document).__name__}; give one object")

    def __bool__(self) -> bool:
        return bool(self.shown)

    def placeholders(self) -> dict[str, str]:
        """Gives what a prompt can name in braces: each fact by its label, ``bpm`` without its unit, all as metadata."""
        values = {each.label.replace(" ", "_"): each.text for each in self.shown}
        for each in self.shown:
            if each.kind == "tempo" and each.value is not None:
                values.setdefault("bpm", f"{each.value:.1f}".removesuffix(".0"))
        if "words" in values:
            values.setdefault("lyrics", values["words"])
        if self.shown:
            values["metadata"] = "; ".join(f"{each.label}: {each.text}" for each in self.shown)
        return values


def _is_fused(value: Any) -> bool:
    """Tells facts that a gateway fused from a caller's own fact of that name."""
    return isinstance(value, Mapping) and any(isinstance(value.get(name), Mapping) for name in FUSED)


def _number(text: str) -> float:
    """Reads a number that is one.

    >>> _number("1e3")
    1000.0
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number of at most {MAX_NUMBER:g}")
    return value


def _integer(text: str) -> int:
    _number(text)  # A count of many digits is neither read in linear time nor told by a float.
    return int(text)


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name, {})
    if not isinstance(part, Mapping):
        raise _no_facts(f"{name} in the facts is {type(part).__name__}; give the JSON object of that service's answer")
    return part


def _no_facts(message: str) -> Exception:
    return invalid("FACTS_JSON", message, field="config.facts_json")


def _tags(essentia: Mapping[str, Any]) -> Iterator[Fact]:
    """Labels by what they tell of, best first; those of made-up weights are left out."""
    sorts: dict[str, dict[str, float]] = {"genres": {}, "moods": {}, "instruments": {}, "voices": {}}
    for tag_set in _rows(essentia.get("tag_sets")):
        model = tag_set.get("model")
        name = str(model.get("name", "")) if isinstance(model, Mapping) else ""
        for tag in () if tag_set.get("stand_in") else _rows(tag_set.get("tags")):
            label, score = str(tag.get("name") or tag.get("label") or ""), tag.get("score", 0.0)
            if label and isinstance(score, int | float):
                scores = sorts[_sort(label, name)]
                scores[label.lower()] = max(float(score), scores.get(label.lower(), 0.0))
    for sort, scores in sorts.items():
        best = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
        if best:
            text = ", ".join(label for label, _ in best[:_TAGS_SHOWN])
            yield Fact(sort, text, "essentia.tag_sets", items=tuple(best))


def _sort(label: str, model: str) -> str:
    for word, sort in (("genre", "genres"), ("mood", "moods"), ("instrument", "instruments")):
        if word in model:
            return sort
    words = set(label.lower().replace("-", " ").split())
    if words & VOICES:
        return "voices"
    if any(kind == "instrument" for _, _, kind, _ in named(label)):
        return "instruments"
    return "moods" if words & MOODS else "genres"


def _heard(speech: Mapping[str, Any]) -> Iterator[Fact]:
    """Language and words out of a transcript."""
    lines = [str(each.get("text", "")).strip() for each in _rows(speech.get("segments"))]
    text = " / ".join(lines)
    if not text.strip(" /"):
        return
    summary = speech.get("summary")
    if isinstance(summary, Mapping) and summary.get("language_code"):
        yield Fact("language", str(summary["language_code"]), "speech.summary.language_code")
    yield Fact("words", f'"{_cut(text)}"', "speech.segments", items=tuple((line, 1.0) for line in lines if line))


def _flat(value: Any, path: str) -> Iterator[Fact]:
    """Every member of a caller's own facts, by its path."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        if all(isinstance(each, str | int | float) for each in value):
            if value:
                names = [_plain(each) for each in value]
                yield Fact(_label(path), _cut(", ".join(names)), path, items=tuple((name, 1.0) for name in names))
        else:
            for index, each in enumerate(value):
                yield from _flat(each, f"{path}[{index}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        tempo = any(word in path.lower() for word in _TEMPO_WORDS)
        unit = unit_of_field(path)
        symbol = "" if unit is None else unit.symbol
        yield Fact(_label(path), _plain(value), path, "tempo" if tempo else "number", float(value), symbol)
    elif value not in (None, ""):
        kind = "key" if path.lower().rpartition(".")[2] == "key" else "text"
        yield Fact(_label(path), _cut(_plain(value)), path, kind)


def _rows(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, Mapping))


def _label(path: str) -> str:
    return path.replace("_", " ")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_TEXT_CHARACTERS else text[:MAX_TEXT_CHARACTERS].rsplit(" ", 1)[0] + " …"
