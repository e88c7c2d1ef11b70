"""What every container of the compositions must keep to, checked on the files alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = sorted(path.parent.name for path in ROOT.glob("services/*/service.py"))
NAMES = ("models", *FAMILIES, "gateway")
LISTENERS = NAMES[1:]
THIRD = {"prometheus": "metrics", "grafana": "metrics", "otel-collector": "traces"}
"""Programs of others, by the profile that starts each."""
EVERY = (*NAMES, *THIRD)

FROM_THE_HOST = {
    "HSA_OVERRIDE_GFX_VERSION": "runs kernels of a neighbouring GPU generation",
    "PYTORCH_ALLOC_CONF": "how torch keeps GPU memory",
    "PYTORCH_HIP_ALLOC_CONF": "the same by its older name",
}
"""Variables of the ROCm libraries that are handed through, and so are nobody's setting here."""


def seconds(duration: str) -> float:
    """Reads a compose duration such as ``1m30s``."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", duration))


def size(text: str) -> int:
    """Reads a compose size such as ``2g``."""
    return int(text[:-1]) << {"k": 10, "m": 20, "g": 30}[text[-1]]


@pytest.mark.parametrize("name", EVERY)
def test_a_container_runs_without_privileges(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["user"] == "65532:65532" or (name in THIRD and not service["user"].startswith(("0", "root")))
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "cap_add" not in service


@pytest.mark.parametrize("name", EVERY)
def test_a_container_has_a_bound_on_memory_and_processes(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert size(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0


def test_every_service_is_under_these_rules(compose: dict[str, Any]) -> None:
    assert sorted(compose["services"]) == sorted(EVERY)


def test_only_what_callers_ask_is_published_and_only_to_this_machine(
    compose: dict[str, Any], rocm: dict[str, Any]
) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    # Generation has no stage in the gateway, so its callers must reach it.
    assert published == {
        "gateway": ["127.0.0.1:50050:50050"],
        "generation": ["127.0.0.1:50054:50054"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
    }
    assert all("ports" not in service and "network_mode" not in service for service in rocm["services"].values())


def test_the_services_behind_the_gateway_cannot_reach_the_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["backends"]["internal"] is True
    for name in compose["services"]["gateway"]["depends_on"]:
        assert compose["services"][name]["networks"] == ["backends"]


def test_published_services_are_where_sdk_and_command_line_look_for_them(compose: dict[str, Any]) -> None:
    published = yaml.safe_load((ROOT / "deploy" / "compose.published.yaml").read_text(encoding="utf-8"))["services"]
    assert set(published) == set(LISTENERS) - {"gateway", "generation"}
    for name, service in published.items():
        port = compose["services"][name]["environment"][f"{name.upper()}_PORT"]
        assert service == {"networks": ["backends", "outside"], "ports": [f"127.0.0.1:{port}:{port}"]}


@pytest.mark.parametrize(("name", "profile"), THIRD.items())
def test_what_others_made_is_of_a_stated_version_and_started_only_where_it_is_asked_for(
    compose: dict[str, Any], name: str, profile: str
) -> None:
    service = compose["services"][name]
    assert service["profiles"] == [profile]
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", service["image"])


def test_what_others_made_reads_files_that_there_are(compose: dict[str, Any]) -> None:
    files = [mount.split(":")[0] for name in THIRD for mount in compose["services"][name]["volumes"] if mount[0] == "."]
    assert len(files) == 4
    for file in files:
        assert (ROOT / "deploy" / file).exists(), file


def test_the_collector_of_traces_uses_only_what_it_defines() -> None:
    told = yaml.safe_load((ROOT / "deploy" / "otel-collector.yaml").read_text(encoding="utf-8"))
    for pipeline in told["service"]["pipelines"].values():
        assert all(set(used) <= set(told[part]) for part, used in pipeline.items())
    assert told["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].endswith(":4317")


@pytest.mark.parametrize("name", LISTENERS)
def test_metrics_are_shown_to_the_network_of_the_services_and_to_nobody_else(
    compose: dict[str, Any], name: str
) -> None:
    service = compose["services"][name]
    assert service["environment"]["ANTIPHON_METRICS_PORT"] == "9464"
    assert "backends" in service["networks"]
    assert "backends" in compose["services"]["prometheus"]["networks"]
    assert not any("9464" in port for port in service.get("ports", []))


@pytest.mark.parametrize("name", LISTENERS)
def test_the_weights_are_mounted_read_only(compose: dict[str, Any], name: str) -> None:
    mounts = [mount for mount in compose["services"][name]["volumes"] if mount.startswith("models:")]
    assert mounts == ([] if name == "gateway" else ["models:/models:ro"])


@pytest.mark.parametrize("name", LISTENERS)
def test_the_health_check_asks_the_port_that_the_service_listens_on(compose: dict[str, Any], name: str) -> None:
    environment = compose["services"][name]["environment"]
    assert environment["PORT"] == environment[f"{name.upper()}_PORT"]
    assert environment[f"{name.upper()}_HOST"] == "0.0.0.0"


def test_the_gateway_is_told_where_each_service_listens(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("separation", "speech", "essentia", "llm_audio"):
        target = services["gateway"]["environment"][f"GATEWAY_{name.upper()}_TARGET"]
        assert target == f"dns:///{name}:{services[name]['environment']['PORT']}"


def test_the_gateway_starts_when_every_service_answers(compose: dict[str, Any]) -> None:
    gateway = compose["services"]["gateway"]
    asked = [name for name in FAMILIES if f"GATEWAY_{name.upper()}_TARGET" in gateway["environment"]]
    assert "speech" in asked
    assert gateway["depends_on"] == {name: {"condition": "service_healthy"} for name in asked}


@pytest.mark.parametrize("name", LISTENERS)
def test_a_service_has_time_to_drain_before_it_is_killed(
    compose: dict[str, Any], settings: dict[str, str], name: str
) -> None:
    service, prefix = compose["services"][name], name.upper()
    told = service["environment"]
    variables = [f"{prefix}_DRAIN_SECONDS", f"{prefix}_LAME_DUCK_SECONDS"]
    needed = sum(float(told.get(variable, settings[variable])) for variable in variables)
    assert seconds(service["stop_grace_period"]) > needed


@pytest.mark.parametrize("name", LISTENERS)
def test_uploads_and_answers_fit_in_the_memory_behind_them(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    uploads, one, answers = (
        int(service["environment"][f"ANTIPHON_{part}_BYTES"]) for part in ("SPOOL", "UPLOAD", "ANSWER_SPOOL")
    )
    (mount,) = service["tmpfs"]
    folder, _, options = mount.partition(":")
    assert folder == "/tmp"
    assert one <= uploads
    assert uploads + answers < size(options.removeprefix("size=")) < size(service["mem_limit"])


@pytest.mark.parametrize("name", LISTENERS)
def test_every_variable_is_a_setting_that_the_code_declares(
    compose: dict[str, Any], rocm: dict[str, Any], settings: dict[str, str], image_variables: set[str], name: str
) -> None:
    given = set(compose["services"][name]["environment"])
    given |= set(rocm["services"].get(name, {}).get("environment", {}))
    own = {variable for variable in settings if variable.startswith(f"{name.upper()}_")}
    own |= {f"ANTIPHON_{variable.removeprefix(f'{name.upper()}_')}" for variable in own}
    unknown = given - own - image_variables - set(FROM_THE_HOST) - {"HIP_VISIBLE_DEVICES"}
    assert sorted(unknown) == [], f"nothing reads these variables of {name}"


def test_a_variable_handed_through_from_the_host_is_absent_where_the_host_has_none(rocm: dict[str, Any]) -> None:
    # "${PYTORCH_ALLOC_CONF:-}" would set it to the empty string, which is not the same.
    for service in (each for each in rocm["services"].values() if "devices" in each):
        environment = service["environment"]
        assert {variable: environment[variable] for variable in FROM_THE_HOST} == dict.fromkeys(FROM_THE_HOST)


@pytest.mark.parametrize("name", ["separation", "speech", "generation", "llm_audio"])
def test_a_gpu_that_cannot_be_used_is_an_error_in_the_rocm_composition(rocm: dict[str, Any], name: str) -> None:
    service = rocm["services"][name]
    assert service["environment"][f"{name.upper()}_DEVICE"] == "cuda"
    # One GPU, and never an empty list, which hides all of them.
    assert service["environment"]["HIP_VISIBLE_DEVICES"] == f"${{{name.upper()}_GPU:-0}}"
    assert service["build"]["args"]["PLATFORM"] == "rocm"
    assert service["devices"] == ["/dev/kfd", "/dev/dri"]
    assert service["group_add"][0] == "video"
    assert service["group_add"][1].startswith("${RENDER_GID:?")


def test_only_engines_that_can_compute_on_the_gpu_claim_to_use_it(rocm: dict[str, Any]) -> None:
    with_gpu = sorted(name for name, service in rocm["services"].items() if "devices" in service)
    assert with_gpu == ["generation", "llm_audio", "separation", "speech"]
    # llama.cpp is built for a CPU unless it is told otherwise.
    assert "-DGGML_HIP=ON" in rocm["services"]["llm_audio"]["build"]["args"]["LLAMA_CMAKE_ARGS"]
    assert rocm["services"]["speech"]["build"]["args"]["ENGINE"] == "openai-whisper"
