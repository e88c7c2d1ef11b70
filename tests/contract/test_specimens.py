"""Every engine is asked, and somewhere: each has a specimen, and an environment of the Makefile that has its libraries.

These need no model library; they run where the rules of the tree are checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.contract.trial import ROOT, engine_of, engines, engines_of, families, specimens_of

WITHOUT_AN_ENVIRONMENT = {
    ("essentia", "aesthetics"): "its packages and its weights are the operator's to bring; services/essentia/README.md",
}
"""Engines that no environment of the Makefile can run, each with its reason."""

every_family = pytest.mark.parametrize("family", families())


def of_engines(pairs: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """Asks of each engine by itself, under the name family/engine."""
    return pytest.mark.parametrize(("family", "engine"), [pytest.param(*pair, id="/".join(pair)) for pair in pairs])


every_engine = of_engines(engines())


def environments_of(family: str) -> dict[str, set[str]]:
    """The distributions of each environment that the Makefile makes for a family, by the environment's name."""
    found = {}
    for lock in sorted((ROOT / "services" / family).glob("requirements*.lock")):
        name = family + lock.stem.removeprefix("requirements")
        found[name] = named_in(lock) | named_in(lock.with_name(f"{lock.stem}-platform.txt"))
    return found


def named_in(requirements: Path) -> set[str]:
    """The distributions that a file of requirements pins, in the form in which names are compared."""
    text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
    return {plain(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==", text, re.MULTILINE)}


def plain(distribution: str) -> str:
    """A distribution's name in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


@every_engine
def test_every_engine_has_a_specimen(family: str, engine: str) -> None:
    assert engine in specimens_of(family), (
        f"services/{family}/engines names {engine}, tests/contract/specimens/{family}.py has no specimen of it"
    )


@every_family
def test_every_specimen_is_of_an_engine(family: str) -> None:
    assert sorted({engine_of(name) for name in specimens_of(family)} - engines_of(family).keys()) == []


@every_engine
def test_every_engine_has_an_environment_in_which_it_is_asked(family: str, engine: str) -> None:
    if (family, engine) in WITHOUT_AN_ENVIRONMENT:
        pytest.skip(WITHOUT_AN_ENVIRONMENT[family, engine])
    assert homes(family, engine), f"no requirements lock of services/{family} has all that {engine} stands on"


@of_engines(WITHOUT_AN_ENVIRONMENT)
def test_every_exemption_from_having_an_environment_is_needed(family: str, engine: str) -> None:
    assert engine in engines_of(family)
    assert homes(family, engine) == []


def homes(family: str, engine: str) -> list[str]:
    """Names the environments that have every library of each specimen of an engine."""
    specimens = [specimen for name, specimen in specimens_of(family).items() if engine_of(name) == engine]
    needed = {plain(library) for specimen in specimens for library in specimen.libraries}
    return [name for name, present in environments_of(family).items() if needed <= present]


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
@every_family
def test_the_tests_of_every_environment_ask_the_engines_of_its_family(family: str) -> None:
    for name in environments_of(family):
        # What make itself passes on to the tests that it starts would be heard here.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
        command = ["make", "--dry-run", f"test-{name}"]
        said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        tests = [line for line in said.splitlines() if f".venvs/{name}/bin/python" in line and "tests/contract" in line]
        assert any(f'tests/contract -k "{family}/"' in line for line in tests), f"make test-{name}: {tests}"
