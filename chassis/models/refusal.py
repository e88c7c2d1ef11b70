"""What is said of a checkpoint that cannot be used."""

from __future__ import annotations

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models import InstalledModel


def unreadable(installed: InstalledModel, problem: str) -> AntiphonError:
    """Makes the error for a checkpoint that cannot be used, with the command that replaces it."""
    command = f"antiphon models pull {installed.name}"
    message = f"model {installed.name} cannot be used: {problem}; replace it with: {command}"
    return not_ready("MODEL_UNREADABLE", message, model=installed.name, problem=problem, command=command)
