"""The report of ``antiphon compare`` as plain data; what is unknown is absent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from antiphon_cli.compare.comparison import SEED, Comparison, Pair
from antiphon_cli.compare.paired_bootstrap import CONFIDENCE, Interval


def whole(comparison: Comparison) -> dict[str, Any]:
    """Returns every message of one answer, but for pieces and progress."""
    return {
        "header": _message(comparison.header),
        "answers": {side: [_message(each) for each in answers] for side, answers in comparison.answers.items()},
        "outcomes": {side: _message(outcome) for side, outcome in comparison.outcomes.items()},
        "summary": _message(comparison.summary),
    }


def as_data(found: Sequence[tuple[str, Comparison]], pairs: Sequence[Pair], resamples: int) -> dict[str, Any]:
    """Returns the report over all recordings."""
    first = found[0][1].header
    return {
        "sides": {side.name: {"engine": side.engine, "model": side.model} for side in first.sides},
        "prompts": list(first.prompts),
        "bootstrap": {"resamples": resamples, "confidence": CONFIDENCE, "seed": SEED},
        "pairs": [
            {
                "a": pair.a,
                "b": pair.b,
                "agreement": {key: _interval(each) for key, each in pair.agreement.items()},
                "b_less_a": {key: _interval(each) for key, each in pair.differences.items()},
            }
            for pair in pairs
        ],
        "files": {name: one(comparison) for name, comparison in found},
    }


def one(comparison: Comparison) -> dict[str, Any]:
    """Returns what was found of one recording."""
    sides = [side.name for side in comparison.header.sides]
    return {
        "sides": {
            name: {
                "state": comparison.state(name),
                **({"error": why} if (why := comparison.why(name)) else {}),
                "measures": comparison.measures(name),
                "answers": {_export_key(answer.prompt): answer.text for answer in comparison.answers.get(name, [])},
            }
            for name in sides
            if name in comparison.outcomes
        },
        "agreement": [
            {"a": a, "b": b, **found} for a, b in combinations(sides, 2) if (found := comparison.agreement(a, b))
        ],
    }


def _export_key(prompt: str) -> str:
    # Of every side alike, whatever its model, so that answers are found beside each other; older reports have it too.
    return f"music_flamingo_{prompt}"


def _interval(interval: Interval) -> dict[str, Any]:
    known = {} if interval.low is None else {"low": interval.low, "high": interval.high}
    return {"mean": interval.mean, **known, "files": interval.count}


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found
