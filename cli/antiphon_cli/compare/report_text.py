"""What ``antiphon compare`` tells on a terminal: of one recording, and of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon_cli.compare.comparison import Comparison, Pair
from antiphon_cli.compare.measures_text import MEGABYTES, WORDS, costs, number, share, told, who
from antiphon_cli.compare.paired_bootstrap import CONFIDENCE
from antiphon_cli.terminal import plain, width, wrapped


def one(name: str, comparison: Comparison) -> str:
    """Returns the answers of all sides, what each cost, and how far they agree, as lines."""
    lines = [f"{plain(name)}"]
    for side in comparison.header.sides:
        lines += ["", f"{side.name}: {plain(who(side))}"]
        for answer in comparison.answers.get(side.name, []):
            lines += [f"  [{answer.prompt}]", *(f"  {plain(line)}" for line in answer.text.splitlines())]
        if why := comparison.why(side.name):
            lines.append(f"  {comparison.state(side.name)}: {plain(why)}")
    lines += ["", *costs(comparison)]
    for row in comparison.summary.agreements:
        found = comparison.agreement(row.a, row.b)
        agreed = ", ".join(f"{WORDS[key]}: {number(value)}" for key, value in found.items() if key != "identical")
        same = "the texts are equal; " if row.identical else ""
        lines.append(f"{row.a} and {row.b}: {same}{agreed}")
    if len(comparison.summary.answered) < 2:
        lines.append("fewer than two sides answered, so there is nothing to compare")
    lines += [f"{warning.reason}: {plain(warning.message)}" for warning in comparison.summary.warnings]
    return _fitted(lines) + "\n"


def many(pairs: Sequence[Pair], resamples: int) -> str:
    """Returns what was found over several recordings, as lines."""
    lines = []
    for pair in pairs:
        lines.append(f"{pair.a} and {pair.b}, {share(CONFIDENCE)} intervals by {resamples} draws:")
        for key, interval in pair.agreement.items():
            lines.append(f"  {WORDS[key]}: {told(interval)}, {interval.count} files")
        for key, interval in pair.differences.items():
            lines.append(f"  {WORDS[key]}, {pair.b} less {pair.a}: {told(interval, MEGABYTES.get(key, 1.0))}")
    return _fitted(lines)


def _fitted(lines: Sequence[str]) -> str:
    """The lines, those that are too long for a terminal broken at spaces; tables are not."""
    columns = width()
    broken = ((line,) if line.startswith("|") else wrapped(line, columns, "  ") for line in lines)
    return "".join(f"{each}\n" for line in broken for each in line)
