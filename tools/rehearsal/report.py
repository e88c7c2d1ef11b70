"""The table: what became of the analyses of each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.rehearsal.callers import Analysis
from tools.rehearsal.recordings import KINDS


@dataclass(frozen=True)
class Outcome:
    """What one scenario came to.

    Attributes:
        name: The scenario's word.
        what: The same for a reader.
        analyses: Every analysis that was asked for.
        missing: What it should have shown and did not; empty where it did.
    """

    name: str
    what: str
    analyses: Sequence[Analysis]
    missing: str = ""

    @property
    def lost(self) -> list[Analysis]:
        """Those that were not answered rightly."""
        return [each for each in self.analyses if each.fault]

    @property
    def passed(self) -> bool:
        """Whether it came about and nothing was lost."""
        return bool(self.analyses) and not self.lost and not self.missing


def heading() -> str:
    """Gives the lines above the first row."""
    worst = "  ".join(f"{kind.name:>5}" for kind in KINDS)
    return f"{'':<11} {'':<42} {'':>5} {'':>4} {'asked':>6}  {'worst wait, s':>19}\n" + (
        f"{'scenario':<11} {'what happens':<42} {'calls':>5} {'lost':>4} {'again':>6}  {worst}"
    )


def row(outcome: Outcome) -> str:
    """Gives the line of a scenario, and a line more for each way in which it failed."""
    again = sum(each.attempts > 1 for each in outcome.analyses)
    waits = "  ".join(f"{_worst(outcome.analyses, kind.name):>5}" for kind in KINDS)
    lines = [
        f"{outcome.name:<11} {outcome.what:<42} {len(outcome.analyses):>5} {len(outcome.lost):>4} {again:>6}  {waits}"
    ]
    for fault in sorted({each.fault for each in outcome.lost}):
        lines.append(f"{'':<11} {sum(each.fault == fault for each in outcome.lost)} ended with {fault}")
    if outcome.missing:
        lines.append(f"{'':<11} {outcome.missing}")
    return "\n".join(lines)


def _worst(analyses: Sequence[Analysis], kind: str) -> str:
    """The longest that one of a kind took, beyond the work that it asks for."""
    work = next(each.work_ms / 1e3 for each in KINDS if each.name == kind)
    seconds = [each.seconds - work for each in analyses if each.kind == kind]
    return f"{max(seconds):.1f}" if seconds else "-"
