"""What a check says, and what it is told to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from antiphon_cli.services import BASE_PORT


class State(StrEnum):
    """How what was looked at is."""

    FINE = "fine"
    NOT_KNOWN = "not known"
    """It could not be looked at here, such as a service that does not run; that is no fault."""
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: How it is.
        what: What was found, for a person.
        remedy: What to do about it; empty where nothing is wrong.
    """

    state: State
    what: str
    remedy: str = ""

    def row(self, check: str) -> dict[str, Any]:
        """Returns it as plain data, with the name of the check that found it."""
        return {"check": check, "state": str(self.state), "what": self.what, "remedy": self.remedy}


def fine(what: str) -> Finding:
    """Says that something is as it should be."""
    return Finding(State.FINE, what)


def not_known(what: str) -> Finding:
    """Says that something could not be looked at."""
    return Finding(State.NOT_KNOWN, what)


def wrong(what: str, remedy: str) -> Finding:
    """Says that something is not as it should be, and what to do about it."""
    return Finding(State.WRONG, what, remedy)


@dataclass(frozen=True)
class Machine:
    """What checks look at.

    Attributes:
        root: The checkout; None where this command is installed without one.
        environ: Variables of the environment.
        ports: Port of each service that ``antiphon up`` runs, by its name; empty where it runs none.
        base_port: Port that the gateway would have; those of the services follow it.
    """

    root: Path | None
    environ: Mapping[str, str]
    ports: Mapping[str, int]
    base_port: int = BASE_PORT
