"""What is said of a checkpoint that cannot be used."""

from __future__ import annotations

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models.store import InstalledModel

MOST_SAID = 500
"""Characters of what a library says that are passed on; some name every weight that there is."""


def unreadable(installed: InstalledModel, problem: str) -> AntiphonError:
    """Makes the error for a checkpoint that cannot be used, with the command that replaces it."""
    command = f"antiphon models pull {installed.name}"
    said = problem if len(problem) <= MOST_SAID else problem[:MOST_SAID] + " …"
    message = f"model {installed.name} cannot be used: {said}; replace it with: {command}"
    return not_ready("MODEL_UNREADABLE", message, model=installed.name, problem=said, command=command)
