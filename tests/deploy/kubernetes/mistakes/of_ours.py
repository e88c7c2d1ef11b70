"""Mistakes against what the code does: its settings, its health, how it ends, how it is scaled, its GPUs."""

from __future__ import annotations

from tests.deploy.kubernetes.mistakes.planting import (
    Mistake,
    named,
    pod,
    say,
    scaler,
    server,
    template,
    trigger,
    unsay,
)

ZERO, JOB = "overlays/rocm-zero", "models/rocm"

MISTAKES = [
    Mistake(
        "a grace shorter than the drain",
        "a_pod_is_not_killed_while_it_drains",
        "drained for 1800.5 s",
        lambda each: pod(each).update(terminationGracePeriodSeconds=120),
    ),
    Mistake(
        "a drain shorter than the longest job",
        "a_service_drains_for_as_long_as_its_longest_job",
        "separation: drains for less",
        lambda each: unsay(each, "SEPARATION_DRAIN_SECONDS"),
    ),
    Mistake(
        "a gateway that drains for one stage",
        "a_service_drains_for_as_long_as_its_longest_job",
        "gateway: drains",
        lambda each: say(each, "GATEWAY_DRAIN_SECONDS", "1800", "gateway"),
    ),
    Mistake(
        "a gateway that goes before its address does",
        "who_is_asked_through_one_address_is_given_time_to_be_forgotten",
        "gateway: ends",
        lambda each: unsay(each, "GATEWAY_LAME_DUCK_SECONDS", "gateway"),
    ),
    Mistake(
        "a start that takes longer than the gateway waits",
        "the_gateway_waits_for_as_long_as_a_start_may_take",
        "may take 1000 s",
        lambda each: server(each)["startupProbe"].update(failureThreshold=200),
    ),
    Mistake(
        "a probe for a name of health that no server has",
        "every_probe_asks_for_the_health_that_it_is_about",
        "'startup', which no server has",
        lambda each: server(each)["startupProbe"]["grpc"].update(service="startup"),
    ),
    Mistake(
        "a liveness probe for readiness, which restarts what is only full",
        "every_probe_asks_for_the_health_that_it_is_about",
        "livenessProbe asks for 'readiness'",
        lambda each: server(each)["livenessProbe"]["grpc"].update(service="readiness"),
    ),
    Mistake(
        "a probe at the port that speaks TLS",
        "probes_ask_where_no_certificate_is_wanted",
        "another port than 50061",
        lambda each: server(each)["readinessProbe"]["grpc"].update(port=50051),
    ),
    Mistake(
        "a variable SEPARATION_PROT",
        "every_variable_is_one_that_the_service_reads",
        "nothing reads SEPARATION_PROT",
        lambda each: say(each, "SEPARATION_PROT", "1"),
    ),
    Mistake(
        "a setting with a value that it does not take",
        "the_service_itself_takes_its_environment",
        "choose one of",
        lambda each: say(each, "SPEECH_ENGINE", "whisper.cpp", "speech"),
    ),
    Mistake(
        "half a TLS",
        "the_service_itself_takes_its_environment",
        "belong together",
        lambda each: unsay(each, "ANTIPHON_TLS_KEY_FILE"),
    ),
    Mistake(
        "a port that is said and not listened on",
        "a_port_that_is_named_is_listened_on",
        "separation: says it listens",
        lambda each: say(each, "SEPARATION_PORT", "50099"),
    ),
    Mistake(
        "a server that listens on loopback",
        "a_port_that_is_named_is_listened_on",
        "no other pod reaches it",
        lambda each: unsay(each, "SEPARATION_HOST"),
    ),
    Mistake(
        "a target of the gateway that is another's",
        "the_gateway_knows_where_each_family_listens",
        "dns:///separation:50051",
        lambda each: say(each, "GATEWAY_SEPARATION_TARGET", "dns:///separation:50052", "gateway"),
    ),
    Mistake(
        "a family behind one address",
        "families_are_resolved_to_every_pod",
        "Service of separation",
        lambda each: named(each, "Service")["spec"].pop("clusterIP"),
    ),
    Mistake(
        "weights that nothing verifies",
        "weights_are_read_only_and_verified_before_the_start",
        "without its own image having verified",
        lambda each: pod(each).update(initContainers=[]),
    ),
    Mistake(
        "a default model that was not verified",
        "weights_are_read_only_and_verified_before_the_start",
        "answers by htdemucs_ft",
        lambda each: say(each, "SEPARATION_DEFAULT_MODEL", "htdemucs_ft"),
    ),
    Mistake(
        "a model that there is not",
        "weights_are_read_only_and_verified_before_the_start",
        "'htdemuc'",
        lambda each: pod(each)["initContainers"][0].update(args=["htdemuc"]),
    ),
    Mistake(
        "a job for a model that there is not",
        "the_job_fetches_models_that_there_are",
        "'htdemuc'",
        lambda each: each.workloads[0]["spec"]["template"]["spec"]["containers"][0]["args"].append("htdemuc"),
        JOB,
    ),
    Mistake(
        "replicas beside a scaler",
        "replicas_are_told_by_the_scaler_alone",
        "separation: replicas",
        lambda each: named(each, "Deployment")["spec"].update(replicas=2),
    ),
    Mistake(
        "a scaler that looks at another service",
        "a_family_is_scaled_by_what_is_asked_of_it",
        "separation: is scaled by",
        lambda each: scaler(each)["metrics"][0]["external"]["metric"]["selector"].update(
            matchLabels={"service": "speech"}
        ),
    ),
    Mistake(
        "a query of KEDA for another service",
        "a_family_is_scaled_by_what_is_asked_of_it",
        "separation: is scaled by",
        lambda each: trigger(each).update(query='sum(antiphon_stage_open{service="speech"})'),
        ZERO,
    ),
    Mistake(
        "two workers, and a replica for each stage",
        "a_replica_is_there_for_as_many_stages_as_it_has_workers",
        "has 2 workers",
        lambda each: say(each, "SEPARATION_WORKER_COUNT", "2"),
    ),
    Mistake(
        "a family that goes to zero, though clients ask it themselves",
        "only_what_the_gateway_holds_calls_for_goes_to_zero",
        "generation: goes to zero",
        lambda each: named(each, "ScaledObject", "generation")["spec"].update(minReplicaCount=0),
        ZERO,
    ),
    Mistake(
        "a Prometheus that is gone and taken for idleness",
        "a_lost_prometheus_is_no_idle_service",
        "separation: goes to zero",
        lambda each: trigger(each).pop("ignoreNullValues"),
        ZERO,
    ),
    Mistake(
        "metrics of a port that no pod has",
        "metrics_are_collected_from_every_pod",
        "port 'http'",
        lambda each: named(each, "PodMonitor", "antiphon")["spec"]["podMetricsEndpoints"][0].update(port="http"),
    ),
    Mistake(
        "a GPU that may be left for the CPU",
        "who_has_a_gpu_computes_on_it_or_does_not_start",
        "may compute on the CPU",
        lambda each: say(each, "SEPARATION_DEVICE", "auto"),
    ),
    Mistake(
        "a service for a GPU that asks for none",
        "who_needs_a_gpu_has_one",
        "asks for none",
        lambda each: [part.pop("amd.com/gpu") for part in server(each)["resources"].values()],
    ),
    Mistake(
        "a pod on whatever GPU there is",
        "a_gpu_is_one_that_the_image_was_built_for",
        "whatever GPU",
        lambda each: pod(each).pop("affinity"),
    ),
    Mistake(
        "a gfx that no node is told to have",
        "a_gpu_is_one_that_the_image_was_built_for",
        "gfx9999",
        lambda each: pod(each)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"
        ][0]["matchExpressions"][0].update(values=["gfx9999"]),
    ),
    Mistake(
        "a GPU that the user may not open",
        "a_gpu_is_open_to_the_user_of_the_pod",
        "in no group",
        lambda each: pod(each)["securityContext"].pop("supplementalGroups"),
    ),
    Mistake(
        "a roll that waits for a GPU more",
        "no_gpu_is_waited_for_that_the_old_pod_still_has",
        "spare",
        lambda each: named(each, "Deployment")["spec"]["strategy"]["rollingUpdate"].update(maxSurge=1),
    ),
    Mistake(
        "pods that the collector of metrics passes over",
        "metrics_are_collected_from_every_pod",
        "leaves pods out",
        lambda each: template(each)["metadata"]["labels"].pop("app.kubernetes.io/part-of"),
    ),
]
