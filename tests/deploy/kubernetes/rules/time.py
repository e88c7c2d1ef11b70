"""Health, starting and ending."""

from __future__ import annotations

from collections.abc import Iterator

from tests.deploy.kubernetes.facts import Facts
from tests.deploy.kubernetes.objects import Json, Objects, variables
from tests.deploy.kubernetes.rules.register import rule

PROBES = {"startupProbe": "readiness", "readinessProbe": "readiness", "livenessProbe": "liveness"}
"""Name of health that each probe has to ask for."""


@rule
def every_probe_asks_for_the_health_that_it_is_about(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        for kind, name in PROBES.items():
            asked = each.get(kind, {}).get("grpc", {}).get("service")
            if asked is None:
                yield f"{word}: has no {kind}"
            elif asked not in facts.health:
                yield f"{word}: its {kind} asks for {asked!r}, which no server has"
            elif asked != name:
                yield f"{word}: its {kind} asks for {asked!r}"


@rule
def probes_ask_where_no_certificate_is_wanted(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        port = facts.number(variables(each), word, "HEALTH_PORT")
        if any(each[kind]["grpc"]["port"] != port for kind in PROBES if "grpc" in each.get(kind, {})):
            yield f"{word}: a probe asks another port than {port:g}"


@rule
def one_success_is_enough_for_a_probe_that_restarts(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        for kind in ("startupProbe", "livenessProbe"):
            if each.get(kind, {}).get("successThreshold", 1) != 1:
                yield f"{word}: its {kind} wants more than one success"


@rule
def a_pod_is_not_killed_while_it_drains(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, pod, each in objects.running():
        told = variables(each)
        needed = sum(facts.number(told, word, name) for name in ("DRAIN_SECONDS", "LAME_DUCK_SECONDS"))
        # Workers are ended after the last call, and a worker is given its grace.
        margin = 30.0
        if pod.get("terminationGracePeriodSeconds", 30) < needed + margin:
            yield f"{word}: is killed before it has drained for {needed:g} s"


@rule
def a_service_drains_for_as_long_as_its_longest_job(objects: Objects, facts: Facts) -> Iterator[str]:
    asked = {}
    for word, _, each in objects.running():
        longest = f"GATEWAY_{word.upper()}_SECONDS"
        if longest in facts.settings:
            asked[word] = float(facts.settings[longest])
            if facts.number(variables(each), word, "DRAIN_SECONDS") < asked[word]:
                yield f"{word}: drains for less than the {asked[word]:g} s that the gateway gives it"
    if "gateway" in objects.servers:
        told = variables(_server(objects, "gateway"))
        # Stems are made first, and what is heard in them after that.
        if facts.number(told, "gateway", "DRAIN_SECONDS") < 2 * max(asked.values(), default=0.0):
            yield "gateway: drains for less than an analysis of two stages in a row"


@rule
def who_is_asked_through_one_address_is_given_time_to_be_forgotten(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, server in objects.servers.items():
        service = objects.named("Service", server["metadata"]["name"])
        if service is None or service["spec"].get("clusterIP") == "None":
            continue
        if facts.number(variables(_server(objects, word)), word, "LAME_DUCK_SECONDS") < 10:
            yield f"{word}: ends before kube-proxy has heard of it"


@rule
def the_gateway_waits_for_as_long_as_a_start_may_take(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        wait = f"GATEWAY_{word.upper()}_START_SECONDS"
        if wait not in facts.settings:
            continue
        probe = each.get("startupProbe", {})
        allowed = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
        if float(variables(_server(objects, "gateway")).get(wait, 0)) < allowed:
            yield f"{word}: may take {allowed} s to start, and the gateway does not wait so long"


def _server(objects: Objects, word: str) -> Json:
    container: Json = objects.servers[word]["spec"]["template"]["spec"]["containers"][0]
    return container
