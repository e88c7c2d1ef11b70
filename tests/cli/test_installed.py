"""What ``pip install antiphon`` gives, in a virtual environment outside the checkout."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.installing import Installation, build_wheel
from tests.fixtures.gateway_process import ROOT, Gateway

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

TOP_LEVEL = {"antiphon", "antiphon_cli", "antiphon_client", "antiphon_renderers", "antiphon_wire"}

IMPORT_ALL = """
import importlib, pkgutil
for name in ("antiphon_wire", "antiphon_renderers", "antiphon_client"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
        print(module.name)
"""

TYPED = """
from antiphon.analysis.v1.analysis_record_pb2 import AnalysisRecord
from antiphon_client import Client, SyncClient

async def tempo() -> float:
    async with Client() as client:
        record = await client.analyze_to_record("song.mp3")
        reveal_type(record)
        reveal_type(record.fusion.tempo.bpm)
    return record.fusion.tempo.bpm

with SyncClient() as blocking:
    for event in blocking.transcribe("talk.mp3"):
        reveal_type(event)
wrong: str = AnalysisRecord().schema_version
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdk(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation.make(tmp_path_factory.mktemp("sdk"), str(wheel))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation.make(tmp_path_factory.mktemp("command"), f"{wheel}[cli]")


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that is taken and at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


# What is in it.


def test_no_general_name_gets_into_other_peoples_packages(members: set[str]) -> None:
    assert {name.partition("/")[0] for name in members if ".dist-info/" not in name} == TOP_LEVEL


def test_every_proto_is_there_with_its_types(members: set[str]) -> None:
    protos = [path.relative_to(ROOT / "protos").with_suffix("") for path in (ROOT / "protos").rglob("*.proto")]
    assert len(protos) > 5
    wanted = {f"{path}_pb2{suffix}" for path in protos for suffix in (".py", ".pyi")}
    assert sorted(wanted - members) == []


def test_every_module_of_ours_is_there(members: set[str]) -> None:
    folders = [ROOT / name for name in ("wire", "renderers", "client", "cli")]
    wanted = {str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*.py")}
    assert sorted(wanted - members) == []


@pytest.mark.parametrize("package", sorted(TOP_LEVEL))
def test_type_checkers_are_told_that_a_package_is_typed(members: set[str], package: str) -> None:
    assert f"{package}/py.typed" in members


# The SDK.


def test_the_sdk_needs_nothing_but_what_is_installed_with_it(sdk: Installation) -> None:
    done = sdk.run("python", "-c", IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert "antiphon_client.sync" in done.stdout.split()


def test_the_command_without_its_packages_says_in_one_line_what_to_install(sdk: Installation) -> None:
    done = sdk.run("antiphon", "--help")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'antiphon: the command line needs more than the SDK: pip install "antiphon[cli]"\n'


def test_mypy_sees_the_messages_and_not_any(sdk: Installation) -> None:
    pytest.importorskip("mypy")
    (sdk.elsewhere / "use.py").write_text(TYPED)
    interpreter = ["--python-executable", str(sdk.program("python"))]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mypy", "--strict", "--cache-dir", "cache", *interpreter, "use.py"],
        cwd=sdk.elsewhere,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = [line.partition('is "')[2].rstrip('"') for line in done.stdout.splitlines() if "Revealed type" in line]
    assert revealed[:2] == ["antiphon.analysis.v1.analysis_record_pb2.AnalysisRecord", "float"], done.stdout
    assert "speech_service_pb2.Segment" in revealed[2]
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, done.stdout
    assert 'expression has type "int", variable has type "str"' in errors[0]


# The command.


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["analyze", "--help"], ["up", "--help"]], ids=" ".join)
def test_what_asks_nobody_works_anywhere(command: Installation, arguments: list[str]) -> None:
    done = command.run("antiphon", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "antiphon" in done.stdout


@pytest.mark.parametrize("arguments", [["up"], ["models", "list"], ["models", "pull", "starter"]], ids=" ".join)
def test_what_is_nothing_without_a_checkout_says_so(command: Installation, arguments: list[str]) -> None:
    done = command.run("antiphon", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"antiphon: antiphon {arguments[0]} ")
    assert "get one with git clone, and set ANTIPHON_ROOT to its folder" in line
    assert "Makefile" not in line


def test_a_checkout_that_it_is_told_of_is_used(command: Installation) -> None:
    done = command.run("antiphon", "models", "list", "--json", ANTIPHON_ROOT=str(ROOT))
    assert done.returncode == 0, done.stderr
    services = {json.loads(line)["service"] for line in done.stdout.splitlines()}
    assert {"separation", "speech"} <= services


def test_status_tells_of_a_gateway_that_it_did_not_start(command: Installation, gateway: Gateway) -> None:
    done = command.run("antiphon", "status", ANTIPHON_GATEWAY=gateway.target)
    assert done.returncode == 1, "the scripted gateway says that speech is not ready"
    assert done.stdout.splitlines() == [
        "antiphon up started nothing here, but this serves:",
        f"gateway      ready, at {gateway.target}",
        "separation   ready",
        "speech       not ready: not answering",
    ]
    assert done.stderr == ""
    document = json.loads(command.run("antiphon", "status", "--json", ANTIPHON_GATEWAY=gateway.target).stdout)
    assert (document["running"], document["gateway"]) == (True, gateway.target)


def test_a_file_is_analysed_by_a_gateway_elsewhere(command: Installation, gateway: Gateway) -> None:
    (command.elsewhere / "song.wav").write_bytes(b"fine " + bytes(1000))
    done = command.run("antiphon", "analyze", "--quiet", "song.wav", "--stems", "out", "--gateway", gateway.target)
    assert done.returncode == 0, done.stderr
    assert "Eb minor" in done.stdout
    stems = command.elsewhere / "out" / "song"
    assert sorted(path.name for path in stems.iterdir()) == ["accompaniment.flac", "vocals.flac"]


def test_the_installed_supervisor_starts_and_stops_what_a_plan_says(command: Installation, nobody: str) -> None:
    port = int(nobody.rpartition(":")[2]) + 1
    python, script = str(command.program("python")), str(Path(__file__).with_name("tiny_service.py"))
    program = {"name": "gateway", "port": port, "command": [python, script, str(port), str(command.elsewhere)]}
    spec = command.elsewhere / "spec.json"
    spec.write_text(json.dumps({"programs": [program], "folder": "", "start_seconds": 30, "stop_seconds": 10}))
    try:
        started = command.run("antiphon", "up", "--spec", str(spec))
        assert started.returncode == 0, started.stderr
        status = command.run("antiphon", "status")
        assert (status.returncode, status.stdout.count("SERVING")) == (0, 1)
    finally:
        stopped = command.run("antiphon", "down")
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
    after = command.run("antiphon", "status", ANTIPHON_GATEWAY=nobody)
    assert after.returncode == 1
    assert "Traceback" not in after.stderr
