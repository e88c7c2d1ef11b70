"""What every container must keep to, checked on the files alone."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = sorted(path.parent.name for path in ROOT.glob("services/*/service.py"))
NAMES = ("models", *FAMILIES, "gateway")
LISTENERS = NAMES[1:]

FROM_THE_HOST = {
    "HIP_VISIBLE_DEVICES": "which GPUs ROCm shows",
    "HSA_OVERRIDE_GFX_VERSION": "runs kernels of a neighbouring GPU generation",
    "PYTORCH_ALLOC_CONF": "how torch keeps GPU memory",
    "PYTORCH_HIP_ALLOC_CONF": "the same by its older name",
}
"""Variables of the ROCm libraries that are handed through, and so are nobody's setting here."""

Instructions = list[tuple[str, str, str]]


def seconds(duration: str) -> float:
    """Reads a compose duration such as ``1m30s``."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", duration))


def size(text: str) -> int:
    """Reads a compose size such as ``2g``."""
    return int(text[:-1]) << {"k": 10, "m": 20, "g": 30}[text[-1]]


@pytest.mark.parametrize("name", NAMES)
def test_a_container_runs_without_privileges(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["user"] == "65532:65532"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "cap_add" not in service


@pytest.mark.parametrize("name", NAMES)
def test_a_container_has_a_bound_on_memory_and_processes(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert size(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0


def test_every_service_is_under_these_rules(compose: dict[str, Any]) -> None:
    assert sorted(compose["services"]) == sorted(NAMES)


def test_only_what_callers_ask_is_published_and_only_to_this_machine(
    compose: dict[str, Any], rocm: dict[str, Any]
) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    # Generation has no stage in the gateway, so its callers must reach it.
    assert published == {"gateway": ["127.0.0.1:50050:50050"], "generation": ["127.0.0.1:50054:50054"]}
    assert all("ports" not in service and "network_mode" not in service for service in rocm["services"].values())


def test_the_services_behind_the_gateway_cannot_reach_the_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["backends"]["internal"] is True
    for name in compose["services"]["gateway"]["depends_on"]:
        assert compose["services"][name]["networks"] == ["backends"]


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
def test_all_uploads_together_fit_in_the_memory_behind_the_spool(compose: dict[str, Any], name: str) -> None:
    service, prefix = compose["services"][name], name.upper()
    spool = int(service["environment"][f"{prefix}_SPOOL_BYTES"])
    (mount,) = service["tmpfs"]
    folder, _, options = mount.partition(":")
    assert folder == "/tmp"
    assert int(service["environment"][f"{prefix}_UPLOAD_BYTES"]) <= spool
    assert spool < size(options.removeprefix("size=")) < size(service["mem_limit"])


@pytest.mark.parametrize("name", LISTENERS)
def test_every_variable_is_a_setting_that_the_code_declares(
    compose: dict[str, Any], rocm: dict[str, Any], settings: dict[str, str], image_variables: set[str], name: str
) -> None:
    given = set(compose["services"][name]["environment"])
    given |= set(rocm["services"].get(name, {}).get("environment", {}))
    own = {variable for variable in settings if variable.startswith(f"{name.upper()}_")}
    unknown = given - own - image_variables - set(FROM_THE_HOST)
    assert sorted(unknown) == [], f"nothing reads these variables of {name}"


def test_a_variable_handed_through_from_the_host_is_absent_where_the_host_has_none(rocm: dict[str, Any]) -> None:
    # "${HIP_VISIBLE_DEVICES:-}" would set it to the empty string, which hides every GPU.
    for service in (each for each in rocm["services"].values() if "devices" in each):
        environment = service["environment"]
        assert {variable: environment[variable] for variable in FROM_THE_HOST} == dict.fromkeys(FROM_THE_HOST)


@pytest.mark.parametrize("name", ["separation", "speech", "generation", "llm_audio"])
def test_a_gpu_that_cannot_be_used_is_an_error_in_the_rocm_composition(rocm: dict[str, Any], name: str) -> None:
    service = rocm["services"][name]
    assert service["environment"][f"{name.upper()}_DEVICE"] == "cuda"
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


def test_an_image_runs_as_a_numbered_user_without_privileges(dockerfile: Instructions) -> None:
    users = [(stage, arguments) for stage, instruction, arguments in dockerfile if instruction == "USER"]
    assert users == [("runtime", "65532:65532")]
    built_on = {stage: arguments.split()[0] for stage, instruction, arguments in dockerfile if instruction == "FROM"}
    assert built_on["service"] == built_on["models"] == "runtime"


def test_a_rocm_image_without_rocm_torch_does_not_build(dockerfile: Instructions) -> None:
    steps = [arguments for stage, instruction, arguments in dockerfile if f"{stage} {instruction}" == "environment RUN"]
    assert any("torch.version.hip or sys.exit" in step for step in steps)


def test_every_package_of_an_image_comes_from_its_lock(dockerfile: Instructions) -> None:
    installs = re.findall(
        r"(?<!apt-get )install (?!\()[^;]*;", " ".join(row[2] for row in dockerfile if row[0] == "environment")
    )
    locks = [each for each in installs if "requirements.lock" in each]
    assert locks, "no lock is installed"
    assert all("--require-hashes --no-deps" in each for each in locks)
    others = [each for each in installs if each not in locks and '"$@"' not in each]
    assert others, "what the platform brings is not installed"
    assert all("/locks/requirements-platform.txt" in each for each in others)


def test_the_process_is_ended_and_asked_for_its_health_by_the_means_it_knows(dockerfile: Instructions) -> None:
    service = {instruction: arguments for stage, instruction, arguments in dockerfile if stage == "service"}
    assert service["STOPSIGNAL"] == "SIGTERM"
    assert r"python -m chassis.health \"${ANTIPHON_HEALTH_PORT:-$PORT}\"" in service["HEALTHCHECK"]
    assert service["EXPOSE"] == "${PORT}"
    # Without exec the shell would get the signal and Python would never drain.
    assert service["ENTRYPOINT"].count("exec python -m") == 2


@pytest.mark.parametrize(
    "path",
    [
        "models/htdemucs.safetensors",
        ".venvs/separation/lib/torch.so",
        ".git/config",
        "services/speech/model.bin",
        "services/separation/spleeter-2stems.safetensors",
        "services/essentia/msd-musicnn.pb",
        "chassis/__pycache__/errors.cpython-311.pyc",
        "tests/test_architecture.py",
    ],
)
def test_weights_and_leftovers_stay_out_of_the_build_context(path: str) -> None:
    assert not in_context(path)


@pytest.mark.parametrize(
    "path",
    [
        "wire/antiphon_wire/errors.py",
        "gen/antiphon/audio/v1/audio_pb2.py",
        "services/__main__.py",
        "services/separation/models.toml",
        "services/separation/requirements.lock",
        "services/separation/requirements-platform.txt",
        "gateway/analysis/plan.py",
        "renderers/antiphon_renderers/formats.py",
    ],
)
def test_what_an_image_is_made_of_is_in_the_build_context(path: str) -> None:
    assert in_context(path)


def gather(
    folder: Path, dockerfile: Instructions, service: str, engine: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Runs the step that picks a service's files over what the context has; the image's paths are in ``folder``."""
    context = folder / "context"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in tracked.split("\0"):
        if name and in_context(name) and (ROOT / name).is_file():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, context / name)
    (step,) = [arguments for stage, instruction, arguments in dockerfile if f"{stage} {instruction}" == "source RUN"]
    for path in ("/code", "/locks", "/manifests"):
        step = re.sub(rf"(?<!\w){path}\b", f"{folder}{path}", step)
    variables = {"SERVICE": service, "ENGINE": engine, "PATH": "/usr/bin:/bin"}
    return subprocess.run(["sh", "-c", step], cwd=context, env=variables, capture_output=True, check=False)


@pytest.mark.parametrize("service", LISTENERS)
def test_an_image_gets_what_its_service_imports_and_the_lock_of_its_environment(
    tmp_path: Path, dockerfile: Instructions, service: str
) -> None:
    done = gather(tmp_path, dockerfile, service)
    assert done.returncode == 0, done.stderr
    home = "gateway" if service == "gateway" else f"services/{service}"
    assert (tmp_path / "locks/requirements.lock").read_bytes() == (ROOT / home / "requirements.lock").read_bytes()
    rpcs = "faces/grpc/service.py" if service == "gateway" else "service.py"
    assert (tmp_path / "code" / home / rpcs).is_file()
    assert (tmp_path / "code/renderers/antiphon_renderers/formats.py").is_file() is (service != "gateway")


def test_an_image_of_another_engine_has_the_lock_of_that_engine(tmp_path: Path, dockerfile: Instructions) -> None:
    done = gather(tmp_path, dockerfile, "speech", "openai-whisper")
    assert done.returncode == 0, done.stderr
    for name in (".lock", "-platform.txt"):
        wanted = (ROOT / f"services/speech/requirements-openai-whisper{name}").read_bytes()
        assert (tmp_path / f"locks/requirements{name}").read_bytes() == wanted
    assert any("ANTIPHON_ENGINE=${ENGINE}" in row[2] for row in dockerfile if row[:2] == ("runtime", "ENV"))


def test_an_engine_that_shares_its_familys_libraries_has_the_familys_lock(
    tmp_path: Path, dockerfile: Instructions
) -> None:
    done = gather(tmp_path, dockerfile, "speech", "faster-whisper")
    assert done.returncode == 0, done.stderr
    lock = (ROOT / "services/speech/requirements.lock").read_bytes()
    assert (tmp_path / "locks/requirements.lock").read_bytes() == lock


def test_an_engine_that_there_is_not_ends_the_build_and_says_where_they_are_named(
    tmp_path: Path, dockerfile: Instructions
) -> None:
    done = gather(tmp_path, dockerfile, "speech", "whisper.cpp")
    assert done.returncode == 2
    assert b'no engine named "whisper.cpp"; services/speech/engines/__init__.py' in done.stderr


def in_context(path: str) -> bool:
    """Applies ``.dockerignore`` as Docker does: the last pattern that matches the path or a folder above it wins."""
    parts = Path(path).parts
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    included = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keeps = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        # Where ** leads, the rest may match at any depth; * alone never crosses a slash.
        if pattern.startswith("**/"):
            hit = any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
        else:
            hit = any(entry.count("/") == pattern.count("/") and fnmatch.fnmatch(entry, pattern) for entry in above)
        if hit:
            included = keeps
    return included
