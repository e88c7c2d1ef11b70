"""Warnings with their places on the recording's own time line, of which a clip may begin anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chassis.reports import Span, WarningReport


def placed(warnings: Iterable[WarningReport], offset: float) -> Iterator[WarningReport]:
    """Yields the warnings, those of a part ``offset`` seconds later and with its place in the message."""
    for each in warnings:
        if each.place is None:
            yield each
            continue
        place = Span(each.place.start_seconds + offset, each.place.seconds)
        start, end = place.start_seconds, place.start_seconds + place.seconds
        yield replace(each, message=f"{clock(start)} to {clock(end)}: {each.message}", place=place)


def clock(seconds: float) -> str:
    """Writes a time as minutes and seconds, hours where there are any.

    >>> clock(5), clock(3725.25)
    ('0:05.0', '1:02:05.2')
    """
    minutes, tenths = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    front = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{front}:{tenths // 10:02}.{tenths % 10}"
