"""``up``, ``down`` and ``status`` with tiny services in place of the real ones."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon_cli.project import environment_name
from antiphon_cli.services import FAMILIES
from antiphon_cli.stack.plan import PlanError
from antiphon_cli.stack.processes import is_same_process, process_birth
from antiphon_cli.stack.project_plan import project_plan
from antiphon_cli.stack.state import StackState
from antiphon_wire.exits import CANNOT_START
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.setting_names import refuse_misspelt
from gateway.settings import NONE, SERVICES, GatewaySettings
from tests.cli.checkouts import make_checkout
from tests.fixtures.gateway_process import ROOT, environment, wait_until
from tools.pages.variables import FAMILIES as SETTINGS_OF_FAMILIES


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at; held together, so that none is named twice."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Stack:
    """A plan of tiny services in a folder of its own."""

    def __init__(self, folder: Path, antiphon: Any) -> None:
        self.folder = folder
        self._antiphon = antiphon
        *self.ports, self.nobodys_port = free_ports(3)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        # A gateway that others run on this machine is not to be taken for one of the test's.
        elsewhere = f"127.0.0.1:{self.nobodys_port}"
        changes = {"ANTIPHON_STATE": str(self.folder), "ANTIPHON_GATEWAY": elsewhere}
        return self._antiphon(*arguments, **changes)  # type: ignore[no-any-return]

    def spec(self, *modes: str, **rules: object) -> str:
        """Writes a plan of two services; the modes are those of the first."""
        python = sys.executable
        script = str(Path(__file__).with_name("tiny_service.py"))
        programs = [
            {
                "name": "speech",
                "port": self.ports[0],
                "command": [python, script, str(self.ports[0]), str(self.folder), *modes],
            },
            {
                "name": "gateway",
                "port": self.ports[1],
                "command": [python, script, str(self.ports[1]), str(self.folder)],
            },
        ]
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "spec.json"
        rules = {"start_seconds": 20, "stop_seconds": 10, "first_delay_seconds": 0.05, **rules}
        path.write_text(json.dumps({"programs": programs, "folder": "", **rules}))
        return str(path)

    def up(self, *modes: str, **rules: object) -> subprocess.CompletedProcess[bytes]:
        return self.run("up", "--spec", self.spec(*modes, **rules))

    def state(self) -> StackState:
        state = StackState.load(self.folder / "state.json")
        assert state is not None
        return state

    def pids(self) -> list[tuple[int, str]]:
        """(pid, birth) of the supervisor and of every service."""
        state = self.state()
        return [(state.pid, state.birth), *[(each.pid, each.birth) for each in state.services if each.pid]]

    def status(self) -> dict[str, Any]:
        return json.loads(self.run("status", "--json").stdout)  # type: ignore[no-any-return]


@pytest.fixture
def stack(tmp_path: Path, antiphon: Callable[..., Any]) -> Iterator[Stack]:
    made = Stack(tmp_path / "run", antiphon)
    yield made
    made.run("down", "--wait", "20")
    state = StackState.load(made.folder / "state.json")
    for pid, birth in made.pids() if state is not None else []:
        if is_same_process(pid, birth):
            os.kill(pid, signal.SIGKILL)


def gone(pids: list[tuple[int, str]]) -> bool:
    """Whether none of these processes runs any more."""
    return not any(is_same_process(pid, birth) for pid, birth in pids)


def test_up_waits_until_all_are_ready_and_down_leaves_no_process(stack: Stack) -> None:
    done = stack.up("--worker")
    assert done.returncode == 0, done.stderr
    assert f"127.0.0.1:{stack.ports[1]}".encode() in done.stdout
    worker = int((stack.folder / f"worker-{stack.ports[0]}").read_text())
    pids = [*stack.pids(), (worker, process_birth(worker))]
    assert all(is_same_process(pid, birth) for pid, birth in pids)
    status = stack.run("status")
    assert status.returncode == 0
    assert status.stdout.count(b"SERVING") == 2
    assert max(map(len, status.stdout.decode().splitlines())) <= 80

    assert stack.run("down").returncode == 0
    assert gone(pids)
    # Gateway first: its calls under way still need the services.
    assert (stack.folder / "drained").read_text().split() == [str(stack.ports[1]), str(stack.ports[0])]
    assert stack.run("status").returncode == 1
    assert b"nothing was running" in stack.run("down").stdout


def test_a_service_that_dies_at_start_is_named_with_the_end_of_its_log_and_all_is_stopped(stack: Stack) -> None:
    done = stack.up("--fail", "ImportError: no module named whisper")
    assert done.returncode == 1
    text = done.stderr.decode()
    assert "speech: ended with exit code 7" in text
    assert "ImportError: no module named whisper" in text
    assert str(stack.folder / "logs" / "speech.log") in text
    assert gone(stack.pids())
    assert "ImportError" in stack.run("status").stdout.decode()


def test_a_service_that_says_why_it_cannot_start_ends_the_start_with_that_line_alone(stack: Stack) -> None:
    why = "DEVICE_NOT_AVAILABLE: there is no GPU here"
    done = stack.up("--refuse", f"error: {why}", start_seconds=60)
    assert done.returncode == 1
    log = stack.folder / "logs" / "speech.log"
    told = ["antiphon: could not start; all is stopped again", f"speech: {why}", f"  whole log: {log}"]
    lines = done.stderr.decode().splitlines()
    assert [line for line in lines if not line.endswith(tuple(map(str, stack.ports)))] == told
    assert gone(stack.pids())


def test_a_service_that_never_gets_ready_fails_the_start_after_the_deadline(stack: Stack) -> None:
    done = stack.up("--never-ready", start_seconds=1.5)
    assert done.returncode == 1
    assert b"speech: was not ready after 1.5 s" in done.stderr
    assert gone(stack.pids())


def test_a_killed_service_is_started_again_and_status_counts_it(stack: Stack) -> None:
    assert stack.up("--worker").returncode == 0
    speech = stack.state().services[0]
    worker = int((stack.folder / f"worker-{stack.ports[0]}").read_text())
    birth = process_birth(worker)
    assert speech.pid is not None
    os.kill(speech.pid, signal.SIGKILL)
    wait_until(lambda: stack.state().services[0].restarts == 1 and stack.state().phase == "ready")
    row = stack.status()["services"][0]
    assert (row["restarts"], row["ready"]) == (1, True)
    assert row["pid"] != speech.pid
    assert "SIGKILL" in row["problem"]
    assert not is_same_process(worker, birth), "the workers of a crashed service go with it"


def test_a_service_that_crashes_again_and_again_is_tried_for_ever_after_growing_pauses(stack: Stack) -> None:
    assert stack.up("--fail-later", "1", first_delay_seconds=0.01, last_delay_seconds=0.1).returncode == 0
    pid = stack.state().services[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: stack.state().services[0].restarts >= 8)
    assert [row["ready"] for row in stack.status()["services"]] == [False, True]
    log = (stack.folder / "logs" / "supervisor.log").read_text()
    pauses = [float(line.split(" in ")[1].split()[0]) for line in log.splitlines() if "is started again in" in line]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 0.1


def test_a_service_whose_exit_code_says_that_no_start_helps_is_not_tried_again(stack: Stack) -> None:
    assert stack.up("--fail-later", str(CANNOT_START)).returncode == 0
    pid = stack.state().services[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: stack.state().services[0].phase == "failed")
    status = stack.run("status")
    assert status.returncode == 1
    assert b"is not tried again" in status.stdout
    assert b"no device" in status.stdout
    assert [row["ready"] for row in stack.status()["services"]] == [False, True]
    assert stack.state().services[0].restarts == 1


def test_a_log_is_put_aside_while_the_service_writes_and_only_the_last_ones_are_kept(stack: Stack) -> None:
    assert stack.up("--chatter", log_bytes=50_000).returncode == 0
    logs = stack.folder / "logs"
    wait_until(lambda: (logs / "speech.log.3").exists())
    first = (logs / "speech.log.3").stat().st_mtime_ns
    wait_until(lambda: (logs / "speech.log.3").stat().st_mtime_ns != first)
    assert not (logs / "speech.log.4").exists()
    assert all((logs / f"speech.log.{number}").stat().st_size <= 50_000 for number in (1, 2, 3))


def test_what_is_logged_and_noted_is_for_its_owner_alone(stack: Stack) -> None:
    stack.folder.parent.mkdir(exist_ok=True)
    assert stack.up().returncode == 0
    files = [*stack.folder.glob("*.json"), *(stack.folder / "logs").iterdir()]
    assert {path.name for path in files} >= {"state.json", "plan.json", "speech.log", "supervisor.log"}
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in files if path.name != "spec.json"}
    assert set(modes.values()) == {"0o600"}, modes
    assert (stack.folder / "logs").stat().st_mode & 0o777 == 0o700


def test_a_port_that_is_taken_is_named_before_anything_starts(stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stack.ports[0]))
        taken.listen()
        done = stack.up()
    assert done.returncode == 1
    assert f"speech: port {stack.ports[0]} is taken".encode() in done.stderr
    assert not (stack.folder / "logs" / "gateway.log").exists()


def test_up_twice_says_already_running_and_disturbs_nothing(stack: Stack) -> None:
    assert stack.up().returncode == 0
    before = stack.pids()
    again = stack.run("up", "--spec", str(stack.folder / "spec.json"))
    assert again.returncode == 0
    assert f"already running, supervisor pid {before[0][0]}".encode() in again.stdout
    stack.ports = free_ports(2)
    other = stack.up()
    assert other.returncode == 1
    assert b"already running with" in other.stderr
    assert stack.pids() == before


def test_services_die_with_a_supervisor_that_is_killed(stack: Stack) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process of its parent's death")
    assert stack.up().returncode == 0
    pids = stack.pids()
    os.kill(pids[0][0], signal.SIGKILL)
    wait_until(lambda: gone(pids))
    assert stack.run("status").returncode == 1
    assert stack.run("up", "--spec", str(stack.folder / "spec.json")).returncode == 0, "nothing stale is in the way"


def test_a_service_that_will_not_stop_is_killed(stack: Stack) -> None:
    assert stack.up("--stubborn", stop_seconds=0.5).returncode == 0
    pids = stack.pids()
    assert stack.run("down").returncode == 0
    assert gone(pids)


def test_down_never_signals_a_process_that_was_given_the_pid_of_a_dead_supervisor(stack: Stack) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        stack.folder.mkdir()
        StackState(bystander.pid, "1").save(stack.folder / "state.json")
        assert b"nothing was running" in stack.run("down").stdout
        assert bystander.poll() is None
        assert is_same_process(bystander.pid, process_birth(bystander.pid)), "the control: the right birth is known"
    finally:
        bystander.kill()
        bystander.wait()


def test_the_foreground_stops_all_on_ctrl_c(stack: Stack) -> None:
    command = [sys.executable, "-m", "antiphon_cli", "up", "--foreground", "--spec", stack.spec()]
    process = subprocess.Popen(
        command, env=environment(ANTIPHON_STATE=str(stack.folder)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_until(lambda: (stack.folder / "state.json").exists() and stack.state().phase == "ready")
    pids = stack.pids()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert gone(pids)


def test_a_missing_environment_names_the_command_that_makes_it(antiphon: Any, tmp_path: Path) -> None:
    make_checkout(tmp_path)
    state = tmp_path / "state"
    base = str(free_ports(1)[0])
    done = antiphon(
        "up", "--services", "speech", "--base-port", base, ANTIPHON_ROOT=str(tmp_path), ANTIPHON_STATE=str(state)
    )
    assert done.returncode == 1
    text = done.stderr.decode()
    assert f"make -C {tmp_path} .venvs/speech/.ready" in text
    assert f"make -C {tmp_path} .venvs/gateway/.ready" in text
    assert "separation" not in text


def test_a_server_refuses_nothing_that_the_plan_tells_it(tmp_path: Path) -> None:
    own = {"gateway": (ServerSettings, GatewaySettings)}
    own |= {name: (ServerSettings, WorkerSettings, settings) for name, settings in SETTINGS_OF_FAMILIES.items()}
    for program in project_plan(ROOT, tmp_path, FAMILIES).programs:
        refuse_misspelt(program.name.upper(), *own[program.name], environ=program.environment)


def test_the_plan_tells_each_service_its_port_and_the_gateway_all_of_them(tmp_path: Path) -> None:
    plan = project_plan(ROOT, tmp_path, ["essentia"], base_port=6000)
    essentia, gateway = plan.programs
    assert essentia.command[1:] == ("-m", "services", "essentia")
    assert (essentia.port, essentia.environment["ESSENTIA_PORT"]) == (6003, "6003")
    assert gateway.environment["GATEWAY_PORT"] == "6000"
    assert gateway.environment["GATEWAY_ESSENTIA_TARGET"] == "127.0.0.1:6003"
    assert gateway.environment["GATEWAY_SERVICES"] == "essentia"
    assert project_plan(ROOT, tmp_path, FAMILIES).programs[-1].environment["GATEWAY_SERVICES"].split(",") == [
        name for name in FAMILIES if name in SERVICES
    ]
    assert project_plan(ROOT, tmp_path, ["generation"]).programs[-1].environment["GATEWAY_SERVICES"] == NONE
    with pytest.raises(PlanError, match="no service named 'x'"):
        project_plan(ROOT, tmp_path, ["x"])


def test_a_chosen_engine_with_requirements_of_its_own_is_run_by_its_own_environment(tmp_path: Path) -> None:
    def home(**environ: str) -> tuple[str, ...]:
        plan = project_plan(ROOT, tmp_path, ["separation", "speech"], environ=environ)
        return tuple(Path(program.command[0]).parents[1].name for program in plan.programs)

    assert home() == ("separation", "speech", "gateway")
    assert home(SPEECH_ENGINE="openai-whisper") == ("separation", "speech-openai-whisper", "gateway")
    assert home(ANTIPHON_ENGINE="openai-whisper") == ("separation", "speech-openai-whisper", "gateway")
    assert home(SPEECH_ENGINE="faster-whisper") == ("separation", "speech", "gateway"), "it shares its family's"
    assert environment_name(ROOT, "speech", {"SPEECH_ENGINE": "x/../../speech/requirements-openai-whisper"}) == "speech"
    remedy = project_plan(ROOT, tmp_path, ["speech"], environ={"SPEECH_ENGINE": "openai-whisper"}).programs[0].remedy
    assert remedy.endswith(".venvs/speech-openai-whisper/.ready")


def test_up_starts_the_environment_of_the_engine_that_is_chosen(antiphon: Any, tmp_path: Path) -> None:
    (make_checkout(tmp_path) / "services/speech").mkdir()
    (tmp_path / "services/speech/requirements-openai-whisper.lock").touch()
    folders = {"ANTIPHON_ROOT": str(tmp_path), "ANTIPHON_STATE": str(tmp_path / "state")}
    done = antiphon("up", "--services", "speech", SPEECH_ENGINE="openai-whisper", COLUMNS="", **folders)
    assert done.returncode == 1
    assert f"make -C {tmp_path} .venvs/speech-openai-whisper/.ready" in done.stderr.decode()


@pytest.mark.parametrize(
    ("engine", "home"), [("openai-whisper", "speech-openai-whisper"), ("faster-whisper", "speech")]
)
def test_make_runs_the_same_environment_as_up(engine: str, home: str) -> None:
    command = ["make", "-n", "-C", str(ROOT), "run-speech"]
    environ = {**os.environ, "SPEECH_ENGINE": engine}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert f".venvs/{home}/bin/python -m services speech" in done.stdout


def test_a_service_that_speaks_tls_is_asked_for_its_health_at_a_plain_port(stack: Stack) -> None:
    path = Path(stack.spec())
    plan = json.loads(path.read_text())
    # It listens at the port of its health alone; at the other nobody answers in plain text, as with TLS.
    plan["programs"][0] |= {"port": stack.nobodys_port, "health_port": stack.ports[0]}
    path.write_text(json.dumps(plan))
    done = stack.run("up", "--spec", str(path))
    assert done.returncode == 0, done.stderr
    status = stack.run("status")
    assert status.returncode == 0
    assert status.stdout.count(b"SERVING") == 2


def test_what_is_set_for_all_services_is_spread_and_tls_has_a_port_for_health(tmp_path: Path) -> None:
    environ = {"ANTIPHON_METRICS_PORT": "9100", "ESSENTIA_METRICS_PORT": "7", "SPEECH_TLS_CERT_FILE": "c.pem"}
    with pytest.raises(PlanError, match="speech speaks TLS; tell the gateway by GATEWAY_SERVICES_CA_FILE"):
        project_plan(ROOT, tmp_path, ["speech"], environ=environ)
    with pytest.raises(PlanError, match="essentia speaks no TLS"):
        project_plan(ROOT, tmp_path, ["essentia"], environ={"GATEWAY_SERVICES_CA_FILE": "ca.pem"})
    environ |= {"GATEWAY_SERVICES_CA_FILE": "ca.pem"}
    speech, gateway = project_plan(ROOT, tmp_path, ["speech"], base_port=6000, environ=environ).programs
    assert (speech.environment["SPEECH_METRICS_PORT"], gateway.environment["GATEWAY_METRICS_PORT"]) == ("9102", "9100")
    assert (speech.health_port, speech.environment["SPEECH_HEALTH_PORT"], gateway.health_port) == (6102, "6102", 0)
    both = {**environ, "ESSENTIA_TLS_CERT_FILE": "c.pem", "ANTIPHON_HEALTH_PORT": "7000"}
    essentia = project_plan(ROOT, tmp_path, ["essentia"], environ=both).programs[0]
    assert "ESSENTIA_METRICS_PORT" not in essentia.environment, "its own is inherited"
    assert essentia.health_port == 7003
