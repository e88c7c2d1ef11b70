"""What is measured by ``compare``, in words, numbers and tables that read on a terminal and as Markdown alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_cli.compare.comparison import SIDE_MEASURES, Comparison
from antiphon_cli.compare.paired_bootstrap import Interval
from antiphon_cli.terminal import plain

WORDS = {
    "load_seconds": "load, s",
    "first_text_seconds": "first text after, s",
    "answer_seconds": "all answers, s",
    "tokens_per_second": "tokens/s",
    "cpu_seconds": "CPU, s",
    "peak_memory_bytes": "peak memory, MB",
    "answer_tokens": "tokens written",
    "claims_held": "claims held by facts",
    "chrf": "chrF, 0 to 100",
    "token_f1": "token F1, 0 to 1",
    "identical": "equal to the letter",
    "tempo": "tempi agree",
    "key": "keys agree",
    "genre": "genres agree",
    "instrument": "instruments agree",
}
MEGABYTES = {"peak_memory_bytes": 1e-6}


def costs(comparison: Comparison) -> list[str]:
    """Returns what each side cost, a row for each measure and a column for each side; then why a side did not answer.

    Four sides fit 80 columns so.
    """
    sides = [side.name for side in comparison.header.sides if side.name in comparison.outcomes]
    measures = {side: comparison.measures(side) for side in sides}
    rows = [
        [WORDS[key], *(_measured(key, measures[side]) for side in sides)]
        for key in SIDE_MEASURES
        if any(key in measures[side] for side in sides)
    ]
    rows.append(["state", *(comparison.state(side) for side in sides)])
    failures = [f"{side}: {escape(why)}" for side in sides if (why := comparison.why(side))]
    return table(("cost", *sides), rows) + ["", *failures] * bool(failures)


def _measured(key: str, measures: Mapping[str, float]) -> str:
    return number(measures[key] * MEGABYTES.get(key, 1.0)) if key in measures else ""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Returns a table that reads as Markdown and on a terminal alike."""
    lines = [list(titles), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(titles))]
    drawn = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in lines
    ]
    return [drawn[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *drawn[1:]]


def who(side: pb.Side) -> str:
    """Returns engine, model and sampling of a side."""
    drawn = ", ".join(f"{field.name}={value:g}" for field, value in side.sampling.ListFields())
    return "/".join(part for part in (side.engine, side.model) if part) + (f", {drawn}" if drawn else "")


def cells(interval: Interval, scale: float = 1.0) -> list[str]:
    """Returns a mean and the ends of its interval, the latter empty where there is none."""
    if interval.low is None or interval.high is None:
        return [number(interval.mean * scale), ""]
    return [number(interval.mean * scale), f"{number(interval.low * scale)} to {number(interval.high * scale)}"]


def told(interval: Interval, scale: float = 1.0) -> str:
    """Returns a mean with its interval, as one phrase."""
    mean, ends = cells(interval, scale)
    return f"{mean} ({ends})" if ends else mean


def number(value: float) -> str:
    """Returns a number with as many digits as tell something."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def share(value: float) -> str:
    """Returns a share as a percentage."""
    return f"{100 * value:g} %"


def escape(text: str) -> str:
    """Returns text of a model or a name of a file that neither steers a terminal nor breaks a table."""
    return plain(text).replace("|", "\\|").replace("<", "&lt;")
