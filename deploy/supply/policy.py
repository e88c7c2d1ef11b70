"""Judges the licences of a bill by ``licences.toml``: what may be in every service, and what only where it is said."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import license_expression  # the expressions of SPDX

from deploy.supply import bills, locks

POLICY = Path(__file__).with_name("licences.toml")
SPDX = license_expression.get_spdx_licensing()


@dataclass(frozen=True)
class Stated:
    """What was read of a package whose metadata says it in no SPDX: its licence, for the version it was read in."""

    version: str
    licence: str


@dataclass(frozen=True)
class Policy:
    """What is allowed.

    Attributes:
        allowed: SPDX identifiers that every service may have.
        restricted: By identifier, the (package, environment) pairs that may have it all the same.
        stated: By package, what its metadata does not say.
    """

    allowed: frozenset[str]
    restricted: Mapping[str, frozenset[tuple[str, str]]]
    stated: Mapping[str, Stated]


def read(path: Path = POLICY) -> Policy:
    """Reads a policy."""
    table = tomllib.loads(path.read_text())
    restricted = {
        each["licence"]: frozenset((package, where) for package in each["packages"] for where in each["environments"])
        for each in table["restricted"]
    }
    stated = {name: Stated(each["version"], each["licence"]) for name, each in table["stated"].items()}
    return Policy(frozenset(table["allowed"]), restricted, stated)


def problems(environment: str, bill: bills.Bill, policy: Policy) -> Iterator[str]:
    """Tells what in a bill is not allowed in an environment, a sentence each."""
    for component in bill["components"]:
        name, version = locks.normal(component["name"]), component["version"]
        said, stated = bills.licences(component), policy.stated.get(name)
        if stated is not None:
            if stated.version != version:
                yield f"{environment}: {name} {version}: its licence was read in {stated.version}; read it again"
            said = (stated.licence,)
        # Classifiers beside an identifier repeat it in other words.
        spdx = [each for each in said if not each.startswith("License ::")]
        if not spdx:
            yield f"{environment}: {name} {version} says no licence in SPDX ({', '.join(said) or 'nothing'}); state it"
        for each in spdx:
            yield from (f"{environment}: {name} {version}: {why}" for why in _refused(each, environment, name, policy))


def _refused(expression: str, environment: str, package: str, policy: Policy) -> Iterator[str]:
    """Why an expression is refused; of alternatives one is enough."""
    try:
        parsed = SPDX.parse(expression, validate=True)
    except license_expression.ExpressionError as error:
        yield f"{expression!r} is no expression of SPDX: {error}"
        return
    if isinstance(parsed, SPDX.OR):
        refused = [list(_refused(str(each), environment, package, policy)) for each in parsed.args]
        yield from min(refused, key=len)
    elif isinstance(parsed, SPDX.AND):
        for each in parsed.args:
            yield from _refused(str(each), environment, package, policy)
    elif str(parsed) not in policy.allowed and (package, environment) not in policy.restricted.get(str(parsed), ()):
        yield f"{parsed} is not allowed there; {POLICY.name} says what is"
