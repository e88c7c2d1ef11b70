"""The checks, in the order in which they are told.

A check is a module of ``checks/`` with a function ``check(machine)`` that yields findings; its line here makes it one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from antiphon_cli.doctor.checks import clock, environments, models, ports, python, sandbox, spool, worker_sandboxes
from antiphon_cli.doctor.finding import Finding, Machine

Check = Callable[[Machine], Iterator[Finding]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "python": python.check,
        "environments": environments.check,
        "models": models.check,
        "spool": spool.check,
        "ports": ports.check,
        "clock": clock.check,
        "sandbox": sandbox.check,
        "worker_sandboxes": worker_sandboxes.check,
    }
)
