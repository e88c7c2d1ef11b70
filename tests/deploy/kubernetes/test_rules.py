"""Every overlay keeps every rule, and every rule sees the mistakes that were planted for it."""

from __future__ import annotations

import copy

import pytest

from deploy.checks.manifests import OVERLAYS
from tests.deploy.kubernetes.facts import FAMILIES, Facts
from tests.deploy.kubernetes.mistakes import of_kubernetes, of_ours, of_safety
from tests.deploy.kubernetes.mistakes.planting import Mistake
from tests.deploy.kubernetes.objects import Objects
from tests.deploy.kubernetes.rules import gpus, naming, pods, reach, resources, scaling, settings, time
from tests.deploy.kubernetes.rules.register import RULES

MODULES = (gpus, naming, pods, reach, resources, scaling, settings, time)
"""What enters the rules; a module that is not imported would enter none."""
MISTAKES = [*of_kubernetes.MISTAKES, *of_safety.MISTAKES, *of_ours.MISTAKES]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_keeps_every_rule(overlays: dict[str, Objects], facts: Facts, overlay: str) -> None:
    assert [said for check in RULES.values() for said in check(overlays[overlay], facts)] == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_a_planted_mistake_is_seen_by_its_rule(overlays: dict[str, Objects], facts: Facts, mistake: Mistake) -> None:
    objects = Objects(copy.deepcopy(overlays[mistake.overlay].all))
    mistake.plant(objects)
    assert objects != overlays[mistake.overlay]
    assert [said for said in RULES[mistake.rule](objects, facts) if mistake.said in said]


def test_a_mistake_was_planted_for_every_rule() -> None:
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == {
        check.__module__.rpartition(".")[2] for check in RULES.values()
    }
    assert set(RULES) == {mistake.rule for mistake in MISTAKES}


@pytest.mark.parametrize(
    ("overlay", "job"), [("overlays/cpu", "models/cpu"), ("overlays/rocm", "models/rocm"), ("site", "models/rocm")]
)
def test_the_job_fetches_what_the_services_verify(
    overlays: dict[str, Objects], facts: Facts, overlay: str, job: str
) -> None:
    (pull,) = overlays[job].of("Job")
    asked = pull["spec"]["template"]["spec"]["containers"][0]["args"][2:]
    fetched = set(asked) | (facts.starter if "starter" in asked else set())
    for word in FAMILIES:
        pod = overlays[overlay].servers[word]["spec"]["template"]["spec"]
        assert set(pod["initContainers"][0]["args"]) <= fetched, word
