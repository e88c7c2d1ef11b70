"""The models of a checkout as a table of each service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from antiphon_cli.columns import columns, width
from antiphon_cli.models.events import size
from antiphon_cli.services import FAMILIES
from antiphon_cli.terminal import plain

_HEADINGS = ("MODEL", "ENGINE", "STATE", "SIZE", "LICENCE", "WHAT")


def matches(event: dict[str, Any], installed: bool, service: str | None, words: tuple[str, ...] = ()) -> bool:
    """Whether a model is wanted: an installed one, or of a service, where only those are, and with all of the words."""
    said = " ".join(str(event.get(key, "")) for key in ("model", "engine", "license_spdx", "summary", "aliases"))
    there = bool(event.get("installed")) or not installed
    return there and service in (None, event.get("service")) and all(word.lower() in said.lower() for word in words)


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

    def lines(self, installed: bool, service: str | None, words: tuple[str, ...] = ()) -> Iterator[str]:
        """Yields a table for each service, below its name."""
        yield from map(plain, self._others)
        wanted = [event for event in self._models if matches(event, installed, service, words)]
        for index, name in enumerate(dict.fromkeys(str(event.get("service", "")) for event in wanted)):
            default = self._default(name)
            rows = [_cells(event, default) for event in wanted if event.get("service") == name]
            yield from ([""] if index else [])
            yield plain(name)
            # A name that is broken cannot be copied; one that would leave no room for the rest is broken all the same.
            short = max(len(row[0]) for row in rows) <= width() // 3
            whole = (*(("MODEL",) if short else ()), "STATE", "SIZE")
            yield from columns(_HEADINGS, rows, right=("SIZE",), whole=whole)
        known = {str(event.get("service", "")) for event in self._models}
        for name in FAMILIES if service is None else (service,):
            if known and name not in known and not installed and not words:
                yield from ([""] if wanted else [])
                yield f"{name}\nno manifest has a model of it; bring one in: {name.upper()}_MODELS_EXTRA"
        if not wanted and words and not self._others:
            yield f"no model has {' '.join(words)} in its name, engine, licence or summary"
        elif not wanted and not self._others and (installed or not known):
            yield "no model is installed; install those to begin with: antiphon models pull starter"

    def _default(self, service: str) -> str:
        """Names the one model that answers where neither a call nor a setting of the environment names another."""
        rows = [event for event in self._models if event.get("service") == service]
        engine, name = (_set(service, setting) for setting in ("ENGINE", "DEFAULT_MODEL"))
        if name:
            return name
        # The first of the manifest is the service's own; the others are those of further engines.
        marked = [row for row in rows if row.get("default") and (row.get("engine") == engine or engine in ("", "auto"))]
        return str(marked[0].get("model", "")) if marked else ""


def _set(service: str, setting: str) -> str:
    return os.environ.get(f"{service.upper()}_{setting}") or os.environ.get(f"ANTIPHON_{setting}") or ""


def _cells(event: dict[str, Any], default: str) -> tuple[str, ...]:
    there = bool(event.get("installed"))
    count = (event.get("installed_bytes") if there else None) or event.get("download_bytes") or 0
    marks = ["default"] if event.get("model") == default else []
    marks += ["starter"] if event.get("starter") else []
    marks += ["terms to accept at the hub"] if event.get("gated") and not there else []
    marks += [] if event.get("commercial_use", True) else ["not for commercial use"]
    what = f"{event.get('summary', '')}" + (f" ({', '.join(marks)})" if marks else "")
    state = "installed" if there else "to fetch"
    engine, licence = event.get("engine", ""), event.get("license_spdx", "")
    cells = (event.get("model", ""), engine, state, size(count) if count else "-", licence, what)
    return tuple(plain(str(cell)) for cell in cells)
