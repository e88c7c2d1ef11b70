"""What every image must keep to, checked on the Dockerfile alone."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = sorted(path.parent.name for path in ROOT.glob("services/*/service.py"))
LISTENERS = (*FAMILIES, "gateway")

Instructions = list[tuple[str, str, str]]


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
