"""Memory, disk and devices."""

from __future__ import annotations

from collections.abc import Iterator

from tests.deploy.kubernetes.facts import Facts
from tests.deploy.kubernetes.objects import Objects, amount, variables
from tests.deploy.kubernetes.rules.register import rule


@rule
def amounts_are_quantities(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, pod, each in objects.containers():
        for part in ("requests", "limits"):
            for name, value in each["resources"].get(part, {}).items():
                if amount(value) is None:
                    yield f"{who}: {part}.{name} {value!r} is no quantity"
        for volume in pod.get("volumes", []):
            if "emptyDir" in volume and amount(volume["emptyDir"].get("sizeLimit")) is None:
                yield f"{who}: the volume {volume['name']} has no limit"


@rule
def memory_is_bounded_and_no_more_asked_for_than_allowed(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        requests, limits = each["resources"].get("requests", {}), each["resources"].get("limits", {})
        if "memory" not in limits or "memory" not in requests or "cpu" not in requests:
            yield f"{who}: does not say what it needs and takes at most"
        for name in requests.keys() & limits.keys():
            asked, allowed = amount(requests[name]), amount(limits[name])
            if asked is not None and allowed is not None and asked > allowed:
                yield f"{who}: asks for more {name} than its limit"


@rule
def devices_are_whole_and_limited_to_what_is_asked_for(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, _, each in objects.containers():
        requests, limits = each["resources"].get("requests", {}), each["resources"].get("limits", {})
        for name in {name for name in (*requests, *limits) if "/" in name}:
            if requests.get(name, limits.get(name)) != limits.get(name):
                yield f"{who}: {name} needs an equal limit"
            if (amount(limits.get(name, requests.get(name))) or 0.0) % 1:
                yield f"{who}: {name} has to be whole"


@rule
def volumes_in_memory_leave_half_of_it(objects: Objects, facts: Facts) -> Iterator[str]:
    for who, pod, each in objects.running():
        folders = [volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume]
        taken = sum(amount(folder["sizeLimit"]) or 0.0 for folder in folders if folder.get("medium") == "Memory")
        if taken > (amount(each["resources"]["limits"]["memory"]) or 0.0) / 2:
            yield f"{who}: volumes in memory take more than half of it"


@rule
def uploads_and_answers_fit_on_their_disk(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, pod, each in objects.running():
        told = variables(each)
        spool = sum(facts.number(told, word, name) for name in ("SPOOL_BYTES", "ANSWER_SPOOL_BYTES"))
        (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "tmp"]
        if spool >= (amount(volume["emptyDir"]["sizeLimit"]) or 0.0):
            yield f"{word}: /tmp is smaller than what uploads and answers may take"
        if facts.number(told, word, "UPLOAD_BYTES") > facts.number(told, word, "SPOOL_BYTES"):
            yield f"{word}: one upload may be larger than all of them"


@rule
def what_is_written_goes_to_a_volume(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        writable = {mount["mountPath"] for mount in each["volumeMounts"] if not mount.get("readOnly")}
        if writable != {"/tmp", "/cache"}:
            yield f"{word}: can write to {', '.join(sorted(writable))} and not to /tmp and /cache"
        folder = f"{word.upper()}_GRAPH_DIR"
        if folder in facts.settings and not variables(each).get(folder, "").startswith("/cache/"):
            yield f"{word}: would write to the model store"
