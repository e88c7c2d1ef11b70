"""Names, labels, and what refers to what by them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.deploy.kubernetes.facts import SERVERS, Facts
from tests.deploy.kubernetes.objects import Objects
from tests.deploy.kubernetes.rules.register import rule


@rule
def names_are_of_small_letters(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.all:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", each["metadata"]["name"]):
            yield f"{each['kind']} has the name {each['metadata']['name']!r}"


@rule
def labels_are_short(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.all:
        for key, value in each["metadata"].get("labels", {}).items():
            if not re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?", value):
                yield f"{each['kind']} {each['metadata']['name']}: the label {key} is no value of a label"


@rule
def a_selector_matches_its_own_pods(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("Deployment"):
        wanted = each["spec"]["selector"]["matchLabels"]
        if not wanted.items() <= each["spec"]["template"]["metadata"]["labels"].items():
            yield f"{each['metadata']['name']}: its selector does not match its template"


@rule
def a_budget_is_for_pods_that_there_are(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("PodDisruptionBudget"):
        if not objects.pods(each["spec"]["selector"]["matchLabels"]):
            yield f"the budget {each['metadata']['name']} selects nothing"


@rule
def a_budget_has_one_bound(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("PodDisruptionBudget"):
        if ("minAvailable" in each["spec"]) == ("maxUnavailable" in each["spec"]):
            yield f"the budget {each['metadata']['name']} has both bounds or none"


@rule
def volumes_are_of_what_there_is(objects: Objects, facts: Facts) -> Iterator[str]:
    # A Secret is made by a certificate of its name; one that is optional need not be there.
    secrets = {each["spec"]["secretName"] for each in objects.of("Certificate")}
    for each in objects.of("Deployment"):
        for volume in each["spec"]["template"]["spec"].get("volumes", []):
            who = f"{each['metadata']['name']}: the volume {volume['name']}"
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and objects.named("PersistentVolumeClaim", claim) is None:
                yield f"{who} is of a claim that there is not, {claim}"
            files = volume.get("configMap", {}).get("name")
            if files and objects.named("ConfigMap", files) is None:
                yield f"{who} is of a ConfigMap that there is not, {files}"
            secret = volume.get("secret", {}).get("secretName")
            if secret and secret not in secrets:
                yield f"{who} is of a Secret that no certificate makes, {secret}"


@rule
def every_service_has_all_that_belongs_to_it(objects: Objects, facts: Facts) -> Iterator[str]:
    if not objects.servers:
        return  # an overlay of the job alone
    for word in SERVERS:
        if word not in objects.servers:
            yield f"there is no Deployment of {word}"
            continue
        name = objects.servers[word]["metadata"]["name"]
        for kind in ("Service", "PodDisruptionBudget"):
            if objects.named(kind, name) is None:
                yield f"{word} has no {kind}"
        scalers = objects.of("HorizontalPodAutoscaler", "ScaledObject")
        if [each["spec"]["scaleTargetRef"]["name"] for each in scalers].count(name) != 1:
            yield f"{word} has no scaler, or more than one"
