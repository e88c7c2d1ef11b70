"""How far a separation is, over one or two passes through the clip."""

from __future__ import annotations

from chassis.pace import Pace
from chassis.reports import ProgressReport


class PassProgress:
    """Progress over one or two passes of the same length.

    Args:
        expected: Length of the clip (s) as far as it is known beforehand; None where it is not.
        passes: How often the clip will be gone through.
    """

    def __init__(self, expected: float | None, passes: int) -> None:
        self._expected = expected or None
        self._passes = passes
        self._done = 0
        self._pace = Pace()

    def reached(self, step: str, seconds: float) -> ProgressReport:
        """Tells how far it is when ``seconds`` of this pass are done."""
        share = min(seconds / self._expected, 1.0) if self._expected else None
        return self._report(step, seconds, share)

    def end(self, step: str, seconds: float | None) -> ProgressReport:
        """Ends a pass."""
        report = self._report(step, seconds, 1.0)
        self._done += 1
        return report

    def _report(self, step: str, seconds: float | None, share: float | None) -> ProgressReport:
        fraction = None if share is None else (self._done + share) / self._passes
        last = self._done + 1 == self._passes
        # The audio counts as done when it has been sent; an earlier pass only adds to the fraction.
        return ProgressReport(
            fraction, seconds if last else None, step, remaining_seconds=self._pace.remaining(fraction)
        )
