"""A worker enters its sandbox: before any thread starts, for what is given up is given up by one thread alone."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from chassis.worker.sandbox import capabilities, landlock, libraries, seccomp
from chassis.worker.sandbox.paths import allowed, make_caches
from chassis.worker.sandbox.plan import Plan

_ROOT = Path(__file__).resolve().parents[3]
_TASKS = Path("/proc/self/task")


class SandboxMissingError(Exception):
    """The sandbox that is required cannot be had; the message says why."""


@dataclass(frozen=True)
class Offer:
    """What the system offers to keep a worker in.

    Attributes:
        landlock: Version of Landlock; 0 for none.
        seccomp: Whether libseccomp can be loaded.
        no_landlock: Why there is no Landlock; empty where there is.
        no_seccomp: Why there is no seccomp; empty where there is.
    """

    landlock: int
    seccomp: bool
    no_landlock: str = ""
    no_seccomp: str = ""


def offered() -> Offer:
    """Asks the system what it offers; changes nothing."""
    if sys.platform != "linux":
        why = "which is Linux's alone"
        return Offer(0, False, f"no Landlock, {why}", f"no seccomp, {why}")
    version, no_landlock = 0, ""
    try:
        version = min(landlock.version(), landlock.NEWEST)
    except OSError as error:
        no_landlock = f"no Landlock: {error.strerror}"
    try:
        seccomp.load()
    except seccomp.UnavailableError as error:
        return Offer(version, False, no_landlock, f"no seccomp: {error}")
    return Offer(version, True, no_landlock)


def enter(plan: Plan, package: str) -> str:
    """Gives up what the plan does not name, for ever.

    Args:
        plan: What this process is to be kept in.
        package: The package that its jobs are in.

    Returns:
        What holds from now on, such as ``landlock 7 + seccomp``, or ``none: …`` with the reason.

    Raises:
        SandboxMissingError: Landlock is required and cannot be had.
    """
    if plan.mode == "off":
        return "none: switched off"
    libraries.keep_finding()
    holds, lacks = _landlock(plan, package)
    if plan.mode == "require" and lacks:
        raise SandboxMissingError(lacks[0])
    remarks = _capabilities(plan)
    _seccomp(plan, holds, lacks)
    if not holds:
        return f"none: {'; '.join([*lacks, *remarks])}"
    remarks += ["may run programs to compile"] if plan.programs else []
    return "; ".join([" + ".join(holds), *lacks, *remarks])


def _landlock(plan: Plan, package: str) -> tuple[list[str], list[str]]:
    if sys.platform != "linux":
        return [], ["no Landlock, which is Linux's alone"]
    if (threads := len(os.listdir(_TASKS))) > 1:
        return [], [f"no Landlock: {threads} threads run, and it would hold one"]
    variables = dict(os.environ)
    make_caches(variables)
    try:
        return [f"landlock {landlock.restrict(allowed(plan, package, variables))}"], []
    except OSError as error:
        return [], [f"no Landlock: {error.strerror}"]


def _capabilities(plan: Plan) -> list[str]:
    """Gives up root's rights, and says so; where the kernel does not let it, the rest of the sandbox holds alone."""
    if sys.platform != "linux" or len(os.listdir(_TASKS)) > 1:
        return []
    scratch = [plan.scratch] if plan.scratch else []
    try:
        told = capabilities.drop([str(_ROOT), sys.prefix, sys.base_prefix, *plan.read, *plan.write, *scratch])
    except OSError as error:
        return [f"capabilities are kept: {error.strerror}"]
    return [told] if told else []


def _seccomp(plan: Plan, holds: list[str], lacks: list[str]) -> None:
    if sys.platform != "linux":
        return
    try:
        seccomp.restrict(seccomp.load(), plan.programs)
    except seccomp.UnavailableError as error:
        lacks.append(f"no seccomp: {error}")
    else:
        holds.append("seccomp")
