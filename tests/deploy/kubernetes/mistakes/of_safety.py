"""Mistakes that give a pod, or whoever reaches it, more than they need."""

from __future__ import annotations

from tests.deploy.kubernetes.mistakes.planting import (
    Mistake,
    drop,
    named,
    pod,
    say,
    server,
    template,
    unsay,
    volume,
)

MISTAKES = [
    Mistake(
        "no seccomp profile",
        "a_pod_is_under_the_seccomp_profile_of_its_runtime",
        "separation: no seccomp",
        lambda each: pod(each)["securityContext"].pop("seccompProfile"),
    ),
    Mistake(
        "a token of the cluster",
        "a_pod_has_no_token_of_the_cluster",
        "separation: mounts a token",
        lambda each: pod(each).pop("automountServiceAccountToken"),
    ),
    Mistake(
        "addresses of neighbours in the environment",
        "a_pod_is_told_no_addresses_by_names_of_settings",
        "gateway: would be given",
        lambda each: pod(each, "gateway").pop("enableServiceLinks"),
    ),
    Mistake(
        "the network of the node",
        "a_pod_sees_nothing_of_its_node",
        "shares a namespace",
        lambda each: pod(each).update(hostNetwork=True),
    ),
    Mistake(
        "a device of the node as a folder",
        "a_pod_sees_nothing_of_its_node",
        "mounts a folder",
        lambda each: pod(each)["volumes"].append({"name": "kfd", "hostPath": {"path": "/dev/kfd"}}),
    ),
    Mistake(
        "a capability",
        "a_container_has_no_privileges_and_writes_only_to_volumes",
        "has capabilities",
        lambda each: server(each)["securityContext"]["capabilities"].update(add=["SYS_PTRACE"]),
    ),
    Mistake(
        "a root file system that can be written, in an init container",
        "a_container_has_no_privileges_and_writes_only_to_volumes",
        "separation/verify-models: its root file system",
        lambda each: pod(each)["initContainers"][0]["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    Mistake(
        "no policy that denies",
        "nothing_is_let_through_that_is_not_named",
        "denies by default",
        lambda each: drop(each, "NetworkPolicy", "default-deny"),
    ),
    Mistake(
        "a policy that denies what comes in alone",
        "nothing_is_let_through_that_is_not_named",
        "denies by default",
        lambda each: named(each, "NetworkPolicy", "default-deny")["spec"].update(policyTypes=["Ingress"]),
    ),
    Mistake(
        "a family that clients ask past the gateway",
        "the_gateway_is_let_to_every_family_that_it_asks",
        "whether clients may ask",
        lambda each: template(each)["metadata"]["labels"].update({"antiphon/asked-by-clients": "true"}),
    ),
    Mistake(
        "a family that the gateway is kept from",
        "the_gateway_is_let_to_every_family_that_it_asks",
        "is not let be asked",
        lambda each: template(each)["metadata"]["labels"].pop("antiphon/asked-by"),
    ),
    Mistake(
        "a server that asks nobody for a certificate",
        "whoever_listens_asks_for_a_certificate",
        "separation: takes callers",
        lambda each: unsay(each, "ANTIPHON_TLS_CLIENT_CA_FILE"),
    ),
    Mistake(
        "a family that takes any certificate of the CA",
        "certificates_bear_the_names_that_are_asked_for",
        "of gateway alone",
        lambda each: unsay(each, "SEPARATION_TLS_CLIENT_NAMES"),
    ),
    Mistake(
        "a certificate for another name",
        "certificates_bear_the_names_that_are_asked_for",
        "is not for separation",
        lambda each: named(each, "Certificate")["spec"].update(dnsNames=["stems"]),
    ),
    Mistake(
        "weights that can be written",
        "weights_are_read_only_and_verified_before_the_start",
        "separation/server: does not mount",
        lambda each: [mount.pop("readOnly") for mount in server(each)["volumeMounts"] if mount["name"] == "models"],
    ),
    Mistake(
        "weights that can be written, as its folders tell",
        "what_is_written_goes_to_a_volume",
        "/models",
        lambda each: [mount.pop("readOnly") for mount in server(each)["volumeMounts"] if mount["name"] == "models"],
    ),
    Mistake(
        "graphs in the model store",
        "what_is_written_goes_to_a_volume",
        "would write to the model store",
        lambda each: unsay(each, "SEPARATION_GRAPH_DIR"),
    ),
    Mistake(
        "more uploads than the disk has room for",
        "uploads_and_answers_fit_on_their_disk",
        "/tmp is smaller",
        lambda each: volume(each, "tmp").update(emptyDir={"sizeLimit": "4Gi"}),
    ),
    Mistake(
        "one upload larger than all",
        "uploads_and_answers_fit_on_their_disk",
        "one upload",
        lambda each: say(each, "ANTIPHON_UPLOAD_BYTES", "5368709120"),
    ),
]
