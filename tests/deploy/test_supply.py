"""A bill of materials holds what is deployed and nothing else, and what is in it must be allowed where it is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.checks.tool import ENVIRONMENT, Problem
from deploy.supply import audit, bills, locks

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ENVIRONMENT / "python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment of the checks is not there: make check-deploy makes it"
)
# Judges a bill that comes in; the library that reads licences is in the environment of the checks alone.
JUDGE = """
import json, sys
from deploy.supply import policy
print(json.dumps(list(policy.problems(sys.argv[1], json.load(sys.stdin), policy.read()))))
"""


def judged(environment: str, *components: dict[str, Any]) -> list[str]:
    """What is not allowed in a made-up bill."""
    bill = json.dumps({"components": components})
    command = [str(PYTHON), "-c", JUDGE, environment]
    ended = subprocess.run(command, cwd=ROOT, input=bill, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(ended.stdout)
    return found


def package(name: str, *licences: str, version: str = "1.0") -> dict[str, Any]:
    return {"name": name, "version": version, "licenses": [{"license": {"name": each}} for each in licences]}


def test_the_bill_of_an_environment_holds_its_lock_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("pyyaml==6.0.3 \\\n    --hash=sha256:00\nkubernetes-validate==1.0\ncolorama==0.4 ; win32\n")
    first, again = (bills.written(bills.make("checks", PYTHON, lock)) for _ in range(2))
    assert first == again
    bill = json.loads(first)
    assert [locks.normal(each["name"]) for each in bill["components"]] == ["kubernetes-validate", "pyyaml"]
    assert bill["metadata"]["component"]["name"] == "antiphon-checks"
    references = {each["bom-ref"] for each in bill["components"]}
    assert all(set(each.get("dependsOn", ())) <= references for each in bill["dependencies"])


def test_a_package_of_the_lock_that_is_not_there_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("pyyaml==6.0.3\nno-such-package==1.0\n")
    with pytest.raises(Problem, match=r"no-such-package of .* is not in its environment"):
        bills.make("checks", PYTHON, lock)


def test_every_lock_that_is_deployed_has_a_bill() -> None:
    every = locks.every(ROOT)
    folders = {path.parent.name for path in ROOT.glob("services/*/requirements.in")}
    assert folders | {"gateway", "cli"} <= set(every)
    assert all(locks.pinned(lock) for lock in every.values())


def test_permissive_licences_are_allowed_everywhere_and_one_of_several_is_enough() -> None:
    fine = [
        package("one", "MIT"),
        package("two", "BSD-3-Clause AND 0BSD AND MIT"),
        package("three", "GPL-3.0-only OR Apache-2.0"),
        package("four", "Apache-2.0 WITH LLVM-exception"),
        package("five", "MPL-2.0", "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"),
    ]
    assert judged("gateway", *fine) == []


@pytest.mark.parametrize(
    ("environment", "planted", "why"),
    [
        ("gateway", package("six", "GPL-3.0-only"), "GPL-3.0-only is not allowed there"),
        ("gateway", package("seven", "MIT AND AGPL-3.0-only"), "AGPL-3.0-only is not allowed there"),
        ("speech", package("essentia-tensorflow", "AGPL-3.0-only"), "AGPL-3.0-only is not allowed there"),
        ("generation", package("encodec", "CC-BY-NC-4.0", version="0.1.1"), "CC-BY-NC-4.0 is not allowed there"),
        ("gateway", package("eight"), r"says no licence in SPDX \(nothing\)"),
        ("gateway", package("nine", "License :: OSI Approved :: BSD License"), "says no licence in SPDX"),
        ("gateway", package("ten", "Best-Licence-1.0"), "is no expression of SPDX"),
        ("gateway", package("protobuf", version="99.0"), "its licence was read in 7.* read it again"),
    ],
    ids=["copyleft", "one of several", "another family's", "not commercial", "none", "in words", "made up", "newer"],
)
def test_a_licence_that_is_not_allowed_where_it_is_is_told(environment: str, planted: dict[str, Any], why: str) -> None:
    (sentence,) = judged(environment, package("fine", "MIT"), planted)
    assert sentence.startswith(f"{environment}: {planted['name']}")
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(sentence)


def test_what_could_not_be_audited_counts_as_a_finding() -> None:
    answers = [
        {"name": "fine", "version": "1.0", "vulns": []},
        {"name": "hidden", "skip_reason": "Dependency not found on PyPI and could not be audited: hidden (1.0)"},
        {"name": "bad", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]},
    ]
    assert list(audit.findings("speech", answers[:1])) == []
    assert list(audit.findings("speech", answers)) == [
        "speech: 1 of 3 packages could not be audited: hidden",
        "speech: bad 2.0 has PYSEC-1, mended in 2.1",
    ]


def test_an_audit_that_gives_no_answer_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "pip-audit"
    broken.write_text("#!/bin/sh\necho 'no route to host' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("deploy.checks.tool.ENVIRONMENT", tmp_path)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(Problem, match=r"no answer about .*: no route to host"):
        audit.ask(tmp_path / "requirements.lock")
