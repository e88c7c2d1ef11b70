"""The models of a checkout as a table of each service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from antiphon_cli.columns import columns
from antiphon_cli.models.events import size
from antiphon_cli.terminal import plain

_HEADINGS = ("MODEL", "STATE", "SIZE", "LICENCE", "WHAT")


def matches(event: dict[str, Any], installed: bool, service: str | None) -> bool:
    """Whether a model is wanted: an installed one, or of a service, where only those are."""
    return (bool(event.get("installed")) or not installed) and service in (None, event.get("service"))


class Listing:
    """Gathers the models, which come one by one."""

    def __init__(self) -> None:
        self._models: list[dict[str, Any]] = []
        self._others: list[str] = []

    def take(self, event: dict[str, Any], line: str) -> None:
        """Takes one line of the program; one about no model is kept as it is."""
        if event.get("event") == "model":
            self._models.append(event)
        else:
            self._others.append(f"{event['reason']}: {event['message']}" if "message" in event else line)

    def lines(self, installed: bool, service: str | None) -> Iterator[str]:
        """Yields a table for each service, below its name."""
        yield from map(plain, self._others)
        wanted = [event for event in self._models if matches(event, installed, service)]
        for index, name in enumerate(dict.fromkeys(str(event.get("service", "")) for event in wanted)):
            rows = [_cells(event) for event in wanted if event.get("service") == name]
            yield from ([""] if index else [])
            yield plain(name)
            yield from columns(_HEADINGS, rows, right=("SIZE",), whole=("STATE", "SIZE"))
        if not wanted and not self._others:
            yield "no model is installed; install those to begin with: antiphon models pull starter"


def _cells(event: dict[str, Any]) -> tuple[str, ...]:
    there = bool(event.get("installed"))
    count = (event.get("installed_bytes") if there else None) or event.get("download_bytes") or 0
    marks = [word for word in ("default", "starter") if event.get(word)]
    marks += [] if event.get("commercial_use", True) else ["not for commercial use"]
    what = f"{event.get('summary', '')}" + (f" ({', '.join(marks)})" if marks else "")
    state = "installed" if there else "to fetch"
    cells = (event.get("model", ""), state, size(count) if count else "-", event.get("license_spdx", ""), what)
    return tuple(plain(str(cell)) for cell in cells)
