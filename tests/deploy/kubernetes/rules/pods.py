"""What a pod is and may do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.deploy.kubernetes.facts import Facts
from tests.deploy.kubernetes.objects import Objects
from tests.deploy.kubernetes.rules.register import rule

NUMBER = 65532
"""User and group of the images."""


@rule
def a_pod_runs_as_a_numbered_user_that_is_not_root(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.workloads:
        context = each["spec"]["template"]["spec"].get("securityContext", {})
        if context.get("runAsNonRoot") is not True or context.get("runAsUser") != NUMBER:
            yield f"{each['metadata']['name']}: does not run as {NUMBER}"
        if context.get("fsGroup") != NUMBER:
            yield f"{each['metadata']['name']}: its volumes are not of the group {NUMBER}"


@rule
def a_pod_is_under_the_seccomp_profile_of_its_runtime(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.workloads:
        context = each["spec"]["template"]["spec"].get("securityContext", {})
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{each['metadata']['name']}: no seccomp profile"


@rule
def a_pod_has_no_token_of_the_cluster(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.workloads:
        if each["spec"]["template"]["spec"].get("automountServiceAccountToken") is not False:
            yield f"{each['metadata']['name']}: mounts a token"


@rule
def a_pod_is_told_no_addresses_by_names_of_settings(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.workloads:
        if each["spec"]["template"]["spec"].get("enableServiceLinks") is not False:
            yield f"{each['metadata']['name']}: would be given GATEWAY_PORT=tcp://… by Kubernetes"


@rule
def a_pod_sees_nothing_of_its_node(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.workloads:
        pod = each["spec"]["template"]["spec"]
        if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{each['metadata']['name']}: shares a namespace of its node"
        if any("hostPath" in volume for volume in pod.get("volumes", [])):
            yield f"{each['metadata']['name']}: mounts a folder of its node"


@rule
def a_container_has_no_privileges_and_writes_only_to_volumes(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        context = each.get("securityContext", {})
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield f"{who}: may gain privileges"
        if context.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{who}: has capabilities"
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{who}: its root file system can be written"


@rule
def an_image_is_named_by_its_digest(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        if not re.search(r"@sha256:[0-9a-f]{64}$", each["image"]):
            yield f"{who}: its image {each['image']} is not named by digest"


@rule
def an_image_is_pulled_by_a_policy_that_there_is(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        if each.get("imagePullPolicy", "IfNotPresent") not in ("Always", "IfNotPresent", "Never"):
            yield f"{who}: imagePullPolicy {each['imagePullPolicy']!r}"


@rule
def a_mount_is_of_a_volume_of_the_pod(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, pod, each in objects.containers():
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        for mount in each.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"{who}: there is no volume {mount['name']}"


@rule
def mounts_are_at_places_of_their_own(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        for path, count in Counter(mount["mountPath"] for mount in each.get("volumeMounts", [])).items():
            if count > 1:
                yield f"{who}: {count} mounts at {path}"


@rule
def names_of_ports_are_short_and_each_its_own(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        names = [port["name"] for port in each.get("ports", [])]
        yield from (f"{who}: {name} has more than 15 letters" for name in names if len(name) > 15)
        yield from (f"{who}: {count} ports are named {name}" for name, count in Counter(names).items() if count > 1)


@rule
def what_is_in_the_environment_is_text_and_said_once(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        for variable in each.get("env", []):
            if not isinstance(variable.get("value", ""), str):
                yield f"{who}: {variable['name']} is no text"
        for name, count in Counter(variable["name"] for variable in each.get("env", [])).items():
            if count > 1:
                yield f"{who}: {name} is set {count} times"


@rule
def a_toleration_of_any_value_names_none(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.workloads:
        for toleration in each["spec"]["template"]["spec"].get("tolerations", []):
            if toleration.get("operator") == "Exists" and "value" in toleration:
                yield f"{each['metadata']['name']}: a toleration Exists with a value"


@rule
def there_is_a_way_to_roll(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("Deployment"):
        roll = each["spec"]["strategy"].get("rollingUpdate", {})
        if all(str(roll.get(key)) in ("0", "0%") for key in ("maxSurge", "maxUnavailable")):
            yield f"{each['metadata']['name']}: neither one pod more nor one less"
