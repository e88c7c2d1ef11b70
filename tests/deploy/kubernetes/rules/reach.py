"""Who reaches whom: Services, policies of the network, certificates."""

from __future__ import annotations

from collections.abc import Iterator

from tests.deploy.kubernetes.facts import FAMILIES, Facts
from tests.deploy.kubernetes.objects import Json, Objects, port_names, variables
from tests.deploy.kubernetes.rules.register import rule


@rule
def a_service_selects_pods_and_a_port_of_theirs(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("Service"):
        pods = objects.pods(each["spec"]["selector"])
        if not pods:
            yield f"the Service {each['metadata']['name']} selects nothing"
        for port in each["spec"]["ports"]:
            if any(port["targetPort"] not in port_names(pod) for pod in pods):
                yield f"the Service {each['metadata']['name']} asks for a port {port['targetPort']!r}"


@rule
def families_are_resolved_to_every_pod(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, server in objects.servers.items():
        service = objects.named("Service", server["metadata"]["name"])
        if word != "gateway" and service is not None and service["spec"].get("clusterIP") != "None":
            yield f"the Service of {word} has one address for all pods"


@rule
def nothing_is_let_through_that_is_not_named(objects: Objects, facts: Facts) -> Iterator[str]:
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if objects.servers and everything not in [each["spec"] for each in objects.of("NetworkPolicy")]:
        yield "there is no policy that denies by default"


@rule
def a_policy_is_for_pods_and_ports_that_there_are(objects: Objects, facts: Facts) -> Iterator[str]:
    for each in objects.of("NetworkPolicy"):
        name, spec = each["metadata"]["name"], each["spec"]
        pods = objects.pods(spec["podSelector"].get("matchLabels", {}))
        if not pods:
            yield f"the policy {name} selects nothing"
        for opening in spec.get("ingress", []):
            yield from _ports(f"the policy {name}", opening, pods)
        for opening in spec.get("egress", []):
            labels = [to["podSelector"]["matchLabels"] for to in opening["to"] if to.keys() == {"podSelector"}]
            peers = [pod for each_label in labels for pod in objects.pods(each_label)]
            if labels and not peers:
                yield f"the policy {name} lets out to nobody"
            yield from _ports(f"the policy {name}", opening, peers)


def _ports(who: str, opening: Json, pods: list[Json]) -> Iterator[str]:
    for port in opening.get("ports", []):
        if isinstance(port["port"], str) and any(port["port"] not in port_names(pod) for pod in pods):
            yield f"{who} names a port {port['port']!r}"


@rule
def the_gateway_is_let_to_every_family_that_it_asks(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, server in objects.servers.items():
        asked = f"GATEWAY_{word.upper()}_TARGET" in facts.settings
        labels = server["spec"]["template"]["metadata"]["labels"]
        if asked != (labels.get("antiphon/asked-by") == "gateway"):
            yield f"{word}: is {'not ' if asked else ''}let be asked by the gateway"
        if (word in FAMILIES and asked) == (labels.get("antiphon/asked-by-clients") == "true"):
            yield f"{word}: whether clients may ask it is wrong"


@rule
def the_gateway_knows_where_each_family_listens(objects: Objects, facts: Facts) -> Iterator[str]:
    if "gateway" not in objects.servers:
        return
    told = variables(objects.servers["gateway"]["spec"]["template"]["spec"]["containers"][0])
    for word, server in objects.servers.items():
        if f"GATEWAY_{word.upper()}_TARGET" not in facts.settings:
            continue
        service = objects.named("Service", server["metadata"]["name"])
        wanted = service and f"dns:///{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
        if told.get(f"GATEWAY_{word.upper()}_TARGET") != wanted:
            yield f"the gateway is not told {wanted} for {word}"


@rule
def a_port_that_is_named_is_listened_on(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        told, ports = variables(each), {port["name"]: port["containerPort"] for port in each["ports"]}
        wanted = {name: int(facts.number(told, word, setting)) for name, setting in _LISTENING.items()}
        if ports != wanted:
            yield f"{word}: says it listens on {ports}, and is set to {wanted}"
        if facts.value(told, word, "HOST") != "0.0.0.0" or facts.value(told, word, "METRICS_HOST") != "0.0.0.0":
            yield f"{word}: listens where no other pod reaches it"


_LISTENING = {"grpc": "PORT", "health": "HEALTH_PORT", "metrics": "METRICS_PORT"}


@rule
def whoever_listens_asks_for_a_certificate(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        told = variables(each)
        files = [facts.value(told, word, f"TLS_{name}") for name in ("CERT_FILE", "KEY_FILE", "CLIENT_CA_FILE")]
        mounts = [mount["mountPath"] for mount in each["volumeMounts"] if mount.get("readOnly")]
        if files != ["/tls/tls.crt", "/tls/tls.key", "/tls/ca.crt"] or "/tls" not in mounts:
            yield f"{word}: takes callers without a certificate"


@rule
def certificates_bear_the_names_that_are_asked_for(objects: Objects, facts: Facts) -> Iterator[str]:
    names = {each["spec"]["secretName"]: each["spec"].get("dnsNames", []) for each in objects.of("Certificate")}
    for word, server in objects.servers.items():
        name = server["metadata"]["name"]
        if name not in names.get(f"{name}-tls", []):
            yield f"the certificate of {word} is not for {name}, by which it is asked"
        told = variables(server["spec"]["template"]["spec"]["containers"][0])
        caller = "gateway" if f"GATEWAY_{word.upper()}_TARGET" in facts.settings else "client"
        if facts.value(told, word, "TLS_CLIENT_NAMES") != caller or caller not in names.get(f"{caller}-tls", []):
            yield f"{word}: does not take the certificate of {caller} alone"


@rule
def metrics_are_collected_from_every_pod(objects: Objects, facts: Facts) -> Iterator[str]:
    pods = [each["spec"]["template"] for each in objects.servers.values()]
    for each in objects.of("PodMonitor"):
        selected = objects.pods(each["spec"]["selector"]["matchLabels"])
        if any(pod not in selected for pod in pods):
            yield f"the PodMonitor {each['metadata']['name']} leaves pods out"
        for endpoint in each["spec"]["podMetricsEndpoints"]:
            if any(endpoint["port"] not in port_names(pod) for pod in pods):
                yield f"the PodMonitor {each['metadata']['name']} asks for a port {endpoint['port']!r}"
