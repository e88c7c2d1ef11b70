"""The report of ``antiphon compare`` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from antiphon_cli.compare.comparison import SEED, Comparison, Pair
from antiphon_cli.compare.measures_text import MEGABYTES, WORDS, cells, costs, escape, share, table, who
from antiphon_cli.compare.paired_bootstrap import CONFIDENCE, Interval

Found = Sequence[tuple[str, Comparison]]
"""Name and comparison of each recording."""


def as_markdown(found: Found, pairs: Sequence[Pair], resamples: int) -> str:
    """Returns the report: who was asked, what the pairs have in common and cost, and every answer."""
    first = found[0][1].header
    lines = [
        f"# Comparison over {len(found)} file{'' if len(found) == 1 else 's'}",
        "",
        f"Prompts: {', '.join(first.prompts)}. Intervals: {share(CONFIDENCE)}, paired bootstrap over the files, "
        f"{resamples} draws, seed {SEED}. Where zero lies outside the interval of a difference, it says so.",
        "",
        *table(
            ("side", "who", "answered"), ([side.name, who(side), _answered(found, side.name)] for side in first.sides)
        ),
    ]
    for pair in pairs:
        lines += ["", f"## {pair.a} and {pair.b}", "", *_pair(pair)]
    lines += ["", "## Files"]
    for name, comparison in found:
        lines += ["", f"### {escape(name)}", "", *costs(comparison), *_answers(comparison)]
    return "\n".join(lines) + "\n"


def _pair(pair: Pair) -> Iterator[str]:
    if not pair.agreement:
        yield "There is no file on which both answered."
        return
    yield from table(
        ("agreement", "mean", "interval", "files"),
        ([WORDS[key], *cells(each), str(each.count)] for key, each in pair.agreement.items()),
    )
    yield ""
    yield from table(
        (f"cost of {pair.b} less that of {pair.a}", "mean", "interval", "files", "differs"),
        (
            [WORDS[key], *cells(each, MEGABYTES.get(key, 1.0)), str(each.count), _differs(each)]
            for key, each in pair.differences.items()
        ),
    )


def _answers(comparison: Comparison) -> Iterator[str]:
    for side in comparison.header.sides:
        for answer in comparison.answers.get(side.name, []):
            yield from ("", f"{side.name}, {answer.prompt}:", "")
            yield from (f"> {escape(line)}" for line in answer.text.splitlines())


def _answered(found: Found, side: str) -> str:
    count = sum(side in comparison.summary.answered for _, comparison in found)
    return f"{count} of {len(found)}"


def _differs(interval: Interval) -> str:
    return {None: "", True: "yes", False: "no"}[interval.differs]
