"""What keeps the workers of services, in a line for all that are alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Workers = Mapping[str, "dict[str, Any] | None"]


def sandboxes(services: Sequence[tuple[str, Workers]]) -> dict[str, list[str]]:
    """Gathers services by what keeps their workers, such as ``landlock 7 + seccomp``; those that do not say are out.

    Args:
        services: Each with its workers by kind.
    """
    found: dict[str, list[str]] = {}
    for name, workers in services:
        for told in sorted({each["sandbox"] for each in workers.values() if each is not None and each["sandbox"]}):
            found.setdefault(told, []).append(name)
    return found


def told(services: Sequence[tuple[str, Workers]]) -> Iterator[str]:
    """Yields a line for each sandbox, with the services that have it."""
    for holds, names in sandboxes(services).items():
        yield f"\nsandbox of workers: {holds} ({', '.join(names)})"
