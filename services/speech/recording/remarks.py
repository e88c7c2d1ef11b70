"""What is to be said of parts of a recording, put together: one warning for what lies together, and not too many."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chassis.reports import Span, WarningReport

MOST = 20
"""Warnings of one reason; what is more is counted in one that spans the places of all that follow."""
TOGETHER_SECONDS = 1.0
"""Remarks of one kind that are no further apart are one."""


@dataclass(frozen=True)
class Remark:
    """What is to be said of a part of the audio.

    Attributes:
        reason: The warning's, in UPPER_SNAKE_CASE.
        cause: For a person, without values that change from place to place.
        start: Seconds.
        end: Seconds.
        characters: How much text was dropped there.
    """

    reason: str
    cause: str
    start: float
    end: float
    characters: int = 0


class Remarks:
    """The remarks on one recording."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Remark]] = {}
        self._beyond: dict[str, list[Remark]] = {}

    def add(self, remark: Remark) -> None:
        """Takes a remark; those of one reason come in order."""
        kept = self._kept.setdefault(remark.reason, [])
        if kept and kept[-1].cause == remark.cause and remark.start - kept[-1].end <= TOGETHER_SECONDS:
            last = kept[-1]
            end, characters = max(last.end, remark.end), last.characters + remark.characters
            kept[-1] = replace(last, end=end, characters=characters)
        elif len(kept) < MOST:
            kept.append(remark)
        else:
            self._beyond.setdefault(remark.reason, []).append(remark)

    def warnings(self) -> tuple[WarningReport, ...]:
        """Makes the warnings, each with its place."""
        found = [_warning(each, each.cause) for kept in self._kept.values() for each in kept]
        for beyond in self._beyond.values():
            seconds = sum(each.end - each.start for each in beyond)
            whole = Remark(
                beyond[0].reason,
                "",
                beyond[0].start,
                max(each.end for each in beyond),
                sum(each.characters for each in beyond),
            )
            found.append(_warning(whole, f"{len(beyond)} more places of this kind, {seconds:.0f} s together"))
        return tuple(found)


def _warning(remark: Remark, cause: str) -> WarningReport:
    dropped = f"dropped {remark.characters} characters of text: " if remark.characters else ""
    place = Span(remark.start, max(remark.end - remark.start, 0.0))
    return WarningReport(remark.reason, f"{dropped}{cause}", "segments", place)
