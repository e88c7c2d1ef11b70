"""Replicas: by what they are counted, and how far down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.deploy.kubernetes.facts import Facts
from tests.deploy.kubernetes.objects import Json, Objects, variables
from tests.deploy.kubernetes.rules.register import rule


@rule
def a_scaler_scales_something(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        if objects.named("Deployment", each["spec"]["scaleTargetRef"]["name"]) is None:
            yield f"the scaler {each['metadata']['name']} scales nothing"


@rule
def a_scaler_has_room(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        least, most = _bounds(each)
        if least > most:
            yield f"the scaler {each['metadata']['name']} wants {least} at least and {most} at most"


@rule
def replicas_are_told_by_the_scaler_alone(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("Deployment"):
        if "replicas" in each["spec"]:
            yield f"{each['metadata']['name']}: replicas would be set back at every change"


@rule
def a_family_is_scaled_by_what_is_asked_of_it(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, each in _of_families(objects):
        metric = "antiphon_stage_open" if _by_stages(word, facts) else "antiphon_queue_depth"
        query = _query(each)
        if metric not in query or not re.search(rf"service['\"]?(=|: )['\"]?{word}\b", query):
            yield f"{word}: is scaled by {query} and not by {metric} of its own"


@rule
def a_replica_is_there_for_as_many_stages_as_it_has_workers(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, each in _of_families(objects):
        container = objects.servers[word]["spec"]["template"]["spec"]["containers"][0]
        workers = facts.number(variables(container), word, "WORKER_COUNT")
        if float(_target(each)) != workers:
            yield f"{word}: has {workers:g} workers, and is scaled for {_target(each)}"


@rule
def only_what_the_gateway_holds_calls_for_goes_to_zero(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        word = _word(objects, each)
        if _bounds(each)[0] == 0 and not (word and _by_stages(word, facts)):
            yield f"{each['metadata']['name']}: goes to zero, and nobody holds its callers"


@rule
def a_lost_prometheus_is_no_idle_service(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("ScaledObject"):
        metadata = each["spec"]["triggers"][0]["metadata"]
        if metadata.get("ignoreNullValues") != "false" or not each["spec"].get("fallback", {}).get("replicas"):
            yield f"{each['metadata']['name']}: goes to zero where Prometheus cannot be asked"


def _by_stages(word: str, facts: Facts) -> bool:
    return f"GATEWAY_{word.upper()}_TARGET" in facts.settings


def _of_families(objects: Objects) -> Iterator[tuple[str, Json]]:
    for each in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        word = _word(objects, each)
        if word and word != "gateway":
            yield word, each


def _word(objects: Objects, scaler: Json) -> str:
    name = scaler["spec"]["scaleTargetRef"]["name"]
    return next((word for word, each in objects.servers.items() if each["metadata"]["name"] == name), "")


def _bounds(scaler: Json) -> tuple[int, int]:
    spec = scaler["spec"]
    if scaler["kind"] == "ScaledObject":
        return spec.get("minReplicaCount", 0), spec.get("maxReplicaCount", 100)
    return spec.get("minReplicas", 1), spec["maxReplicas"]


def _query(scaler: Json) -> str:
    if scaler["kind"] == "ScaledObject":
        return str(scaler["spec"]["triggers"][0]["metadata"]["query"])
    metric = scaler["spec"]["metrics"][0].get("external", {}).get("metric", {})
    return f"{metric.get('name')} {metric.get('selector', {}).get('matchLabels')}"


def _target(scaler: Json) -> str:
    if scaler["kind"] == "ScaledObject":
        return str(scaler["spec"]["triggers"][0]["metadata"]["threshold"])
    return str(scaler["spec"]["metrics"][0].get("external", {}).get("target", {}).get("averageValue", 0))
