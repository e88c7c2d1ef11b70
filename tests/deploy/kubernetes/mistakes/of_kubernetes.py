"""Mistakes that Kubernetes refuses, or that it takes and that then do nothing."""

from __future__ import annotations

from tests.deploy.kubernetes.mistakes.planting import (
    Mistake,
    drop,
    named,
    pod,
    resources,
    say,
    scaler,
    server,
    template,
    volume,
)

OTHER = {"app.kubernetes.io/name": "other"}

MISTAKES = [
    Mistake(
        "a selector that does not match its template",
        "a_selector_matches_its_own_pods",
        "separation: its selector",
        lambda each: named(each, "Deployment")["spec"].update(selector={"matchLabels": OTHER}),
    ),
    Mistake(
        "a mount of a volume that is not there",
        "a_mount_is_of_a_volume_of_the_pod",
        "no volume nowhere",
        lambda each: server(each)["volumeMounts"].append({"name": "nowhere", "mountPath": "/x"}),
    ),
    Mistake(
        "two mounts at one path",
        "mounts_are_at_places_of_their_own",
        "2 mounts at /cache",
        lambda each: server(each)["volumeMounts"].append({"name": "tmp", "mountPath": "/cache"}),
    ),
    Mistake(
        "memory of 8GB, which is no quantity",
        "amounts_are_quantities",
        "limits.memory '8GB'",
        lambda each: resources(each, "limits").update(memory="8GB"),
    ),
    Mistake(
        "a request above its limit",
        "memory_is_bounded_and_no_more_asked_for_than_allowed",
        "asks for more memory",
        lambda each: resources(each, "requests").update(memory="64Gi"),
    ),
    Mistake(
        "no limit of memory",
        "memory_is_bounded_and_no_more_asked_for_than_allowed",
        "takes at most",
        lambda each: resources(each, "limits").pop("memory"),
    ),
    Mistake(
        "a GPU in the requests alone",
        "devices_are_whole_and_limited_to_what_is_asked_for",
        "needs an equal limit",
        lambda each: resources(each, "limits").pop("amd.com/gpu"),
    ),
    Mistake(
        "half a GPU",
        "devices_are_whole_and_limited_to_what_is_asked_for",
        "has to be whole",
        lambda each: [resources(each, part).update({"amd.com/gpu": "500m"}) for part in ("limits", "requests")],
    ),
    Mistake(
        "neither surge nor unavailable pods",
        "there_is_a_way_to_roll",
        "separation: neither",
        lambda each: named(each, "Deployment")["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=0),
    ),
    Mistake(
        "a liveness probe that wants two successes",
        "one_success_is_enough_for_a_probe_that_restarts",
        "livenessProbe",
        lambda each: server(each)["livenessProbe"].update(successThreshold=2),
    ),
    Mistake(
        "a name of a port of 18 letters",
        "names_of_ports_are_short_and_each_its_own",
        "more than 15 letters",
        lambda each: server(each)["ports"][0].update(name="grpc-of-separation"),
    ),
    Mistake(
        "two ports of one name",
        "names_of_ports_are_short_and_each_its_own",
        "2 ports are named metrics",
        lambda each: [port.update(name="metrics") for port in server(each)["ports"][:2]],
    ),
    Mistake(
        "a scaler with more at least than at most",
        "a_scaler_has_room",
        "9 at least",
        lambda each: scaler(each).update(minReplicas=9),
    ),
    Mistake(
        "a scaler of a Deployment that there is not",
        "a_scaler_scales_something",
        "scales nothing",
        lambda each: scaler(each)["scaleTargetRef"].update(name="separatio"),
    ),
    Mistake(
        "a budget with both bounds",
        "a_budget_has_one_bound",
        "both bounds",
        lambda each: named(each, "PodDisruptionBudget")["spec"].update(minAvailable=1),
    ),
    Mistake(
        "a budget of no pods",
        "a_budget_is_for_pods_that_there_are",
        "selects nothing",
        lambda each: named(each, "PodDisruptionBudget")["spec"].update(selector={"matchLabels": OTHER}),
    ),
    Mistake(
        "a Service of no pods",
        "a_service_selects_pods_and_a_port_of_theirs",
        "selects nothing",
        lambda each: named(each, "Service")["spec"].update(selector=OTHER),
    ),
    Mistake(
        "a Service with a port that no container has",
        "a_service_selects_pods_and_a_port_of_theirs",
        "port 'http'",
        lambda each: named(each, "Service")["spec"]["ports"][0].update(targetPort="http"),
    ),
    Mistake(
        "a policy with a port that no container has",
        "a_policy_is_for_pods_and_ports_that_there_are",
        "port 'http'",
        lambda each: named(each, "NetworkPolicy", "asked-by-gateway")["spec"]["ingress"][0]["ports"][0].update(
            port="http"
        ),
    ),
    Mistake(
        "a policy that lets out to nobody",
        "a_policy_is_for_pods_and_ports_that_there_are",
        "lets out to nobody",
        lambda each: named(each, "NetworkPolicy", "gateway-asks")["spec"]["egress"][0]["to"][0]["podSelector"].update(
            matchLabels=OTHER
        ),
    ),
    Mistake(
        "a misspelt key readinessProb",
        "every_probe_asks_for_the_health_that_it_is_about",
        "has no readinessProbe",
        lambda each: server(each).update(readinessProb=server(each).pop("readinessProbe")),
    ),
    Mistake(
        "a pull policy IfNotPresnt",
        "an_image_is_pulled_by_a_policy_that_there_is",
        "'IfNotPresnt'",
        lambda each: server(each).update(imagePullPolicy="IfNotPresnt"),
    ),
    Mistake(
        "a number where the environment wants text",
        "what_is_in_the_environment_is_text_and_said_once",
        "SEPARATION_PORT is no text",
        lambda each: say(each, "SEPARATION_PORT", 50051),
    ),
    Mistake(
        "a variable that is set twice",
        "what_is_in_the_environment_is_text_and_said_once",
        "is set 2 times",
        lambda each: server(each)["env"].append({"name": "SEPARATION_PORT", "value": "1"}),
    ),
    Mistake(
        "a name with a capital letter and an underscore",
        "names_are_of_small_letters",
        "'Separation_service'",
        lambda each: named(each, "Deployment")["metadata"].update(name="Separation_service"),
    ),
    Mistake(
        "a label of 70 letters",
        "labels_are_short",
        "the label x",
        lambda each: named(each, "Deployment")["metadata"]["labels"].update(x="a" * 70),
    ),
    Mistake(
        "root, though runAsNonRoot is said",
        "a_pod_runs_as_a_numbered_user_that_is_not_root",
        "does not run as",
        lambda each: pod(each)["securityContext"].update(runAsUser=0),
    ),
    Mistake(
        "an image by its tag",
        "an_image_is_named_by_its_digest",
        ":latest is not named by digest",
        lambda each: server(each).update(image="registry.example.com/antiphon/separation:latest"),
    ),
    Mistake(
        "a toleration of any value that names one",
        "a_toleration_of_any_value_names_none",
        "Exists with a value",
        lambda each: pod(each)["tolerations"][0].update(value="x"),
    ),
    Mistake(
        "a volume in memory as large as memory",
        "volumes_in_memory_leave_half_of_it",
        "more than half",
        lambda each: volume(each, "tmp").update(emptyDir={"medium": "Memory", "sizeLimit": "24Gi"}),
    ),
    Mistake(
        "a folder without a limit",
        "amounts_are_quantities",
        "volume cache has no limit",
        lambda each: volume(each, "cache").update(emptyDir={}),
    ),
    Mistake(
        "a claim that there is not",
        "volumes_are_of_what_there_is",
        "claim that there is not, weights",
        lambda each: volume(each, "models")["persistentVolumeClaim"].update(claimName="weights"),
    ),
    Mistake(
        "a Secret that no certificate makes",
        "volumes_are_of_what_there_is",
        "no certificate makes, separation-tls",
        lambda each: drop(each, "Certificate"),
    ),
    Mistake(
        "a family without a budget",
        "every_service_has_all_that_belongs_to_it",
        "speech has no PodDisruptionBudget",
        lambda each: drop(each, "PodDisruptionBudget", "speech"),
    ),
    Mistake(
        "a template whose label is another's",
        "a_service_selects_pods_and_a_port_of_theirs",
        "the Service separation selects nothing",
        lambda each: template(each)["metadata"]["labels"].update(OTHER),
    ),
]
