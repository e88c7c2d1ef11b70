"""What references multiply: a schema of a few lines may stand for billions, and one that holds itself for any number.

Both a grammar and a validation follow every way that a text can be read. So what a schema is with its references
written out is bounded, and where a schema comes back to itself only one way may lead there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from services.llm_audio.schema.grammar import written
from services.llm_audio.schema.refusal import refused
from services.llm_audio.schema.subschemas import ARRAY, NOWHERE, OBJECT, SAME, Part, parts, target

MAX_SCHEMAS = 1_000
"""Most schemas that a schema may hold."""
MAX_WRITTEN_OUT = 5_000
"""Most that there may be once every reference is replaced by what it refers to."""
MAX_REPEATED = 50_000
"""Most that a grammar of these writes out: lengths, items, choices."""
MAX_CHAIN = 100
"""Most schemas within each other, references followed."""

_ALTERNATIVES = ("anyOf", "oneOf")


class _Graph:
    """Which schema holds which, each once, and how many there are with every reference written out."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self.schemas: dict[int, dict[str, Any]] = {}
        self.paths: dict[int, str] = {}
        self.parts: dict[int, list[Part]] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self.cyclic = False

    def measure(self, schema: dict[str, Any], path: str, chain: int) -> tuple[int, int]:
        """Counts the schemas and the repetitions of a schema, with what it holds and refers to.

        Raises:
            AntiphonError: JSON_SCHEMA where they are too many.
        """
        key = id(schema)
        if key in self._sizes:
            return self._sizes[key]
        if key in self.schemas:
            self.cyclic = True
            return 1, 1
        if len(self.schemas) >= MAX_SCHEMAS:
            raise refused(f"it holds more than {MAX_SCHEMAS} schemas; give fewer", path, limit=MAX_SCHEMAS)
        if chain > MAX_CHAIN:
            message = f"more than {MAX_CHAIN} schemas are within each other, references followed"
            raise refused(message, path, limit=MAX_CHAIN)
        self.schemas[key], self.paths[key] = schema, path
        self.parts[key] = list(parts(self._document, schema, path))
        count, repeated = 1, 1 + written(schema)
        for part in self.parts[key]:
            inner_count, inner_repeated = self.measure(part.schema, part.path, chain + 1)
            # A definition counts where it is referred to.
            if part.about != NOWHERE:
                count, repeated = count + inner_count, repeated + inner_repeated
        for found, limit, what in (
            (count, MAX_WRITTEN_OUT, "schemas"),
            (repeated, MAX_REPEATED, "repetitions and choices"),
        ):
            if found > limit:
                message = f"with its references written out it has {found:g} {what}; give at most {limit}"
                raise refused(message, path, limit=limit)
        self._sizes[key] = count, repeated
        return count, repeated

    def reached(self, start: int, about: Iterable[str] = (SAME, OBJECT, ARRAY)) -> set[int]:
        """Gives the schemas that one leads to by parts of these kinds; itself only where it comes back to itself."""
        wanted, found, waiting = frozenset(about), set[int](), [start]
        while waiting:
            for part in self.parts[waiting.pop()]:
                if part.about in wanted and id(part.schema) not in found:
                    found.add(id(part.schema))
                    waiting.append(id(part.schema))
        return found


def check(document: Any) -> None:
    """Holds what a schema refers to against the limits.

    Raises:
        AntiphonError: JSON_SCHEMA, with the path and the limit.
    """
    if not isinstance(document, dict):
        return
    graph = _Graph(document)
    graph.measure(document, "#", 0)
    if graph.cyclic:
        reached = {key: graph.reached(key) for key in graph.schemas}
        for key in graph.schemas:
            if key in reached[key]:
                _check_return(document, graph, key, reached)


def _check_return(document: Any, graph: _Graph, key: int, reached: dict[int, set[int]]) -> None:
    """Holds a schema that comes back to itself to one way back."""
    path = graph.paths[key]
    if key in graph.reached(key, (SAME,)):
        raise refused("it refers to itself with no object or array between, which says nothing", path)
    back = [each for each in graph.parts[key] if each.about != NOWHERE and _leads(each, key, reached)]
    ways: dict[str, int] = defaultdict(int)
    for keyword in dict.fromkeys(each.keyword for each in back):
        same = [each for each in back if each.keyword == keyword]
        # Members by name, and alternatives of different types, are told apart by the first letter that is read.
        apart = keyword in ("properties", "prefixItems") or (keyword in _ALTERNATIVES and _types_differ(document, same))
        ways[same[0].about] += 1 if apart else len(same)
    if ways[SAME] + max(ways[OBJECT], ways[ARRAY]) > 1:
        message = "it comes back to itself on several ways that read the same text; leave one, or give them other types"
        raise refused(message, path)


def _leads(part: Part, key: int, reached: dict[int, set[int]]) -> bool:
    return id(part.schema) == key or key in reached[id(part.schema)]


def _types_differ(document: Any, alternatives: list[Part]) -> bool:
    types = [_type(document, each.schema) for each in alternatives]
    return all(isinstance(each, str) for each in types) and len(set(types)) == len(types)


def _type(document: Any, schema: Any) -> Any:
    for _ in range(MAX_CHAIN):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        schema = target(document, schema["$ref"])
    return schema.get("type") if isinstance(schema, dict) else None
