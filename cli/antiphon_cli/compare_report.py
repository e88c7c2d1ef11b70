"""What ``antiphon compare`` tells: one recording on the terminal, a set of them as Markdown and as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from antiphon_cli.comparison import SIDE_MEASURES, Comparison, Pair, document
from antiphon_cli.paired_bootstrap import CONFIDENCE, Interval
from antiphon_cli.summary import plain

_WORDS = {
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
_MEGABYTES = {"peak_memory_bytes": 1e-6}
SEED = 0


def one(name: str, comparison: Comparison) -> str:
    """The answers of all sides, what each cost, and how far they agree, as lines."""
    lines = [f"{plain(name)}"]
    for side in comparison.header.sides:
        lines += ["", f"{side.name}: {plain(_who(side))}"]
        for answer in comparison.answers.get(side.name, []):
            lines += [f"  [{answer.prompt}]", *(f"  {plain(line)}" for line in answer.text.splitlines())]
        if why := comparison.why(side.name):
            lines.append(f"  {comparison.state(side.name)}: {plain(why)}")
    lines += ["", *_costs(comparison)]
    for row in comparison.summary.agreements:
        found = comparison.agreement(row.a, row.b)
        told = ", ".join(f"{_WORDS[key]}: {_number(value)}" for key, value in found.items() if key != "identical")
        same = "the texts are equal; " if row.identical else ""
        lines.append(f"{row.a} and {row.b}: {same}{told}")
    if len(comparison.summary.answered) < 2:
        lines.append("fewer than two sides answered, so there is nothing to compare")
    lines += [f"{warning.reason}: {plain(warning.message)}" for warning in comparison.summary.warnings]
    return "\n".join(lines) + "\n\n"


def many(pairs: Sequence[Pair], resamples: int) -> str:
    """What was found over several recordings, as lines."""
    lines = []
    for pair in pairs:
        lines.append(f"{pair.a} and {pair.b}, {_share(CONFIDENCE)} intervals by {resamples} draws:")
        for key, interval in pair.agreement.items():
            lines.append(f"  {_WORDS[key]}: {_told(interval)}, {interval.count} files")
        for key, interval in pair.differences.items():
            lines.append(f"  {_WORDS[key]}, {pair.b} less {pair.a}: {_told(interval, _MEGABYTES.get(key, 1.0))}")
    return "\n".join(lines) + "\n"


def as_data(found: Sequence[tuple[str, Comparison]], pairs: Sequence[Pair], resamples: int) -> dict[str, Any]:
    """The report as plain data; what is unknown is absent."""
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
        "files": {name: document(comparison) for name, comparison in found},
    }


def as_markdown(found: Sequence[tuple[str, Comparison]], pairs: Sequence[Pair], resamples: int) -> str:
    """The report as Markdown."""
    first = found[0][1].header
    lines = [
        f"# Comparison over {len(found)} file{'' if len(found) == 1 else 's'}",
        "",
        f"Prompts: {', '.join(first.prompts)}. Intervals: {_share(CONFIDENCE)}, paired bootstrap over the files, "
        f"{resamples} draws, seed {SEED}. Where zero lies outside the interval of a difference, it says so.",
        "",
        *_table(
            ("side", "who", "answered"), ([side.name, _who(side), _answered(found, side.name)] for side in first.sides)
        ),
    ]
    for pair in pairs:
        lines += ["", f"## {pair.a} and {pair.b}", ""]
        if not pair.agreement:
            lines.append("There is no file on which both answered.")
            continue
        lines += _table(
            ("agreement", "mean", "interval", "files"),
            ([_WORDS[key], *_cells(each), str(each.count)] for key, each in pair.agreement.items()),
        )
        lines += [
            "",
            *_table(
                (f"cost of {pair.b} less that of {pair.a}", "mean", "interval", "files", "differs"),
                (
                    [_WORDS[key], *_cells(each, _MEGABYTES.get(key, 1.0)), str(each.count), _differs(each)]
                    for key, each in pair.differences.items()
                ),
            ),
        ]
    lines += ["", "## Files"]
    for name, comparison in found:
        lines += ["", f"### {_escape(name)}", "", *_costs(comparison)]
        for side in comparison.header.sides:
            for answer in comparison.answers.get(side.name, []):
                quoted = (f"> {_escape(line)}" for line in answer.text.splitlines())
                lines += ["", f"{side.name}, {answer.prompt}:", "", *quoted]
    return "\n".join(lines) + "\n"


def _costs(comparison: Comparison) -> list[str]:
    """What each side cost, a row for each; of sides that did not answer why."""
    rows = []
    for side in comparison.header.sides:
        if side.name not in comparison.outcomes:
            continue
        measures = comparison.measures(side.name)
        cells = (_number(measures[key] * _MEGABYTES.get(key, 1.0)) if key in measures else "" for key in SIDE_MEASURES)
        rows.append([side.name, *cells, _escape(comparison.why(side.name)) or comparison.state(side.name)])
    return _table(("side", *(_WORDS[key] for key in SIDE_MEASURES), "state"), rows)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table that reads as Markdown and on a terminal alike."""
    cells = [list(titles), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    lines = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _who(side: Any) -> str:
    drawn = ", ".join(f"{field.name}={value:g}" for field, value in side.sampling.ListFields())
    return "/".join(part for part in (side.engine, side.model) if part) + (f", {drawn}" if drawn else "")


def _answered(found: Sequence[tuple[str, Comparison]], side: str) -> str:
    count = sum(side in comparison.summary.answered for _, comparison in found)
    return f"{count} of {len(found)}"


def _interval(interval: Interval) -> dict[str, Any]:
    known = {} if interval.low is None else {"low": interval.low, "high": interval.high}
    return {"mean": interval.mean, **known, "files": interval.count}


def _cells(interval: Interval, scale: float = 1.0) -> list[str]:
    if interval.low is None or interval.high is None:
        return [_number(interval.mean * scale), ""]
    return [_number(interval.mean * scale), f"{_number(interval.low * scale)} to {_number(interval.high * scale)}"]


def _told(interval: Interval, scale: float = 1.0) -> str:
    mean, ends = _cells(interval, scale)
    return f"{mean} ({ends})" if ends else mean


def _differs(interval: Interval) -> str:
    return {None: "", True: "yes", False: "no"}[interval.differs]


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def _share(value: float) -> str:
    return f"{100 * value:g} %"


def _escape(text: str) -> str:
    """Text of a model or a name of a file that neither steers a terminal nor breaks a table."""
    return plain(text).replace("|", "\\|").replace("<", "&lt;")
