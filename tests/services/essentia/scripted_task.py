"""A task as the worker hands it over, whose caller never cancels."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.audio import Source


@dataclass
class ScriptedTask:
    """A recording whose caller waits for the whole answer."""

    source: Source

    def checkpoint(self) -> None:
        """Goes on."""
