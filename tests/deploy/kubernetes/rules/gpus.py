"""GPUs: who has one, on which nodes, and that it is used."""

from __future__ import annotations

from collections.abc import Iterator

from tests.deploy.kubernetes.facts import Facts
from tests.deploy.kubernetes.objects import Json, Objects, variables
from tests.deploy.kubernetes.rules.register import rule


@rule
def who_has_a_gpu_computes_on_it_or_does_not_start(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in _with_gpu(objects):
        if facts.value(variables(each), word, "DEVICE") != "cuda":
            yield f"{word}: has a GPU, and may compute on the CPU"


@rule
def who_needs_a_gpu_has_one(objects: Objects, facts: Facts) -> Iterator[str]:
    having = {word for word, _, _ in _with_gpu(objects)}
    for word, _, each in objects.running():
        if variables(each).get(f"{word.upper()}_DEVICE") == "cuda" and word not in having:
            yield f"{word}: is to compute on a GPU, and asks for none"


@rule
def a_gpu_is_one_that_the_image_was_built_for(objects: Objects, facts: Facts) -> Iterator[str]:
    rules = [each for rule_ in objects.of("NodeFeatureRule") for each in rule_["spec"]["rules"]]
    known = {each["labels"]["antiphon/gfx"] for each in rules}
    for word, pod, _ in _with_gpu(objects):
        wanted = _gfx(pod)
        if not wanted:
            yield f"{word}: takes whatever GPU there is"
        for name in wanted:
            if name not in known:
                yield f"{word}: wants {name}, which no rule gives to a node"


@rule
def a_gpu_is_open_to_the_user_of_the_pod(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, pod, _ in _with_gpu(objects):
        groups = pod.get("securityContext", {}).get("supplementalGroups", [])
        if 44 not in groups or len(groups) < 2:
            yield f"{word}: is in no group that the device belongs to"


@rule
def no_gpu_is_waited_for_that_the_old_pod_still_has(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, _ in _with_gpu(objects):
        roll = objects.servers[word]["spec"]["strategy"].get("rollingUpdate", {})
        if roll.get("maxSurge") != 0:
            yield f"{word}: a roll waits for a GPU that is spare"


def _with_gpu(objects: Objects) -> Iterator[tuple[str, Json, Json]]:
    for word, pod, each in objects.running():
        if any(name.startswith("amd.com/") for part in each["resources"].values() for name in part):
            yield word, pod, each


def _gfx(pod: Json) -> list[str]:
    node = pod.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", {})
    found = [each for term in node.get("nodeSelectorTerms", []) for each in term.get("matchExpressions", [])]
    return [name for each in found if each["key"] == "antiphon/gfx" for name in each["values"]]
