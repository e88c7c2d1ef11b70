"""What a worker that was taken over can do: attempts of a real worker, in the sandbox that the system offers."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.reading import Limits, RawPcm
from chassis.server.refusal import CannotStartError
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.spool import Spool
from chassis.worker import Job, Pool, Queued, Started, WorkerOptions
from chassis.worker.messages import Init
from chassis.worker.sandbox import capabilities, landlock, seccomp
from chassis.worker.sandbox import enter as module
from chassis.worker.sandbox.enter import SandboxMissingError, enter, offered
from chassis.worker.sandbox.environment import environment
from chassis.worker.sandbox.plan import Plan, plan_for

OFFER = offered()
ROOT = Path(__file__).resolve().parents[2]
EMPTY_MANIFEST = Path(__file__).parent / "empty_models.toml"
LIMITS = Limits(max_seconds=60.0, max_decoded_bytes=1 << 20, max_wall_seconds=60.0)

needs_landlock = pytest.mark.skipif(not OFFER.landlock, reason=f"this system has {OFFER.no_landlock}")
needs_seccomp = pytest.mark.skipif(not OFFER.seccomp, reason=f"this system has {OFFER.no_seccomp}")
needs_scopes = pytest.mark.skipif(OFFER.landlock < 6 and not OFFER.seccomp, reason="signals are Landlock 6's to hold")


@asynccontextmanager
async def pool(store: Path, **plan: Any) -> AsyncIterator[Pool]:
    sandbox = Plan(**{"mode": "auto", "read": (str(store), str(EMPTY_MANIFEST)), **plan})
    init = Init("tests.chassis.sandbox_jobs:Jobs", None, str(EMPTY_MANIFEST), str(store), None, True, sandbox=sandbox)
    each = Pool(init, WorkerOptions())
    each.start()
    try:
        yield each
    finally:
        await each.stop()


async def answers(each: Pool, verb: str, request: Any = None, path: Path | None = None, **of_job: Any) -> list[Any]:
    job = Job(verb, request, None if path is None else str(path), LIMITS, **of_job)
    async with aclosing(each.run(job)) as events:
        return [event async for event in events if not isinstance(event, Queued | Started)]


async def attempt(each: Pool, name: str, value: Any) -> Any:
    (answer,) = await answers(each, "attempt", (name, value))
    return answer


def scratch_folders() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("antiphon-scratch-*"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "weights").write_bytes(b"the weights")
    return tmp_path / "store"


@needs_landlock
async def test_of_files_it_has_the_store_to_read_and_no_more(store: Path, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spools", 1 << 20, 1 << 20)
    file = spool.file()
    file.write(b"somebody's recording")
    file.finish()
    async with pool(store) as each:
        assert await attempt(each, "read", f"{store}/weights") == b"the weights"
        assert await attempt(each, "read", str(file.path)) == "PermissionError", "an upload that is not its own"
        assert await attempt(each, "list", str(spool.folder)) == "PermissionError"
        assert await attempt(each, "list", str(tmp_path)) == "PermissionError"
        assert await attempt(each, "list", str(Path.home())) == "PermissionError"
        assert await attempt(each, "write", f"{store}/weights") == "PermissionError"
        assert await attempt(each, "write", f"{store}/more") == "PermissionError"
        assert await attempt(each, "write", str(ROOT / "chassis" / "planted.py")) == "PermissionError"
        assert await attempt(each, "link into the scratch folder", f"{store}/weights") in ("PermissionError", "OSError")
        assert await attempt(each, "make a device", None) == "PermissionError"
        assert await attempt(each, "thread", None) == "PermissionError"
    assert (store / "weights").read_bytes() == b"the weights"
    spool.close()


@needs_landlock
async def test_of_its_service_it_reads_neither_environment_nor_memory_nor_what_was_started_how(store: Path) -> None:
    async with pool(store) as each:
        for name in ("environ", "cmdline", "maps"):
            assert await attempt(each, "read", f"/proc/{os.getpid()}/{name}") == "PermissionError"
        assert await attempt(each, "open memory", os.getpid()) == "PermissionError"
        assert await attempt(each, "trace", os.getpid()) == "PermissionError"


@needs_scopes
async def test_it_reaches_no_process_by_a_signal_but_may_end_itself(store: Path) -> None:
    async with pool(store) as each:
        assert await attempt(each, "signal", os.getpid()) == "PermissionError"
        assert await attempt(each, "stop", os.getpid()) == "PermissionError"
        assert await attempt(each, "signal", each.pids[0]) == "done"


@needs_landlock
async def test_it_connects_to_nobody(store: Path) -> None:
    if OFFER.landlock < 4 and not OFFER.seccomp:
        pytest.skip("ports are Landlock 4's to hold")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with pool(store) as each:
            assert await attempt(each, "connect", listener.getsockname()[1]) == "PermissionError"


@needs_seccomp
async def test_it_makes_no_socket_of_any_kind(store: Path) -> None:
    async with pool(store) as each:
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
            assert await attempt(each, "make a socket", int(family)) == "PermissionError"


@needs_landlock
async def test_it_runs_no_program(store: Path) -> None:
    async with pool(store) as each:
        assert await attempt(each, "become", "/bin/true") == "PermissionError"
        assert await attempt(each, "run", "/bin/true") == "PermissionError"


@needs_seccomp
async def test_it_makes_no_process_that_would_outlive_it_and_changes_no_mode(store: Path) -> None:
    async with pool(store) as each:
        assert await attempt(each, "fork", None) == "PermissionError"
        assert await attempt(each, "change the mode", f"{store}/weights") == "PermissionError"


@needs_landlock
async def test_one_that_compiles_runs_programs_and_still_reaches_nothing_else(store: Path) -> None:
    async with pool(store, programs=True) as each:
        assert await attempt(each, "run", "/bin/true") == "done"
        assert await attempt(each, "list", str(Path.home())) == "PermissionError"
        assert await attempt(each, "write", f"{store}/weights") == "PermissionError"
        assert "programs" in each.status.sandbox


async def test_its_upload_comes_as_an_open_file_and_is_read_as_often_as_it_likes(store: Path, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(bytes(8 * 1000))
    async with pool(store) as each:
        (shapes,) = await answers(each, "read_upload", path=upload, raw=RawPcm("f32le", 8000, 2))
        assert [tuple(shape) for shape in shapes] == [(2, 1000), (2, 1000)]
        assert each.restarts == 0


async def test_its_scratch_folder_is_its_own_and_gone_with_it(store: Path) -> None:
    async with pool(store) as each:
        folder = Path(await attempt(each, "scratch", None))
        assert folder in scratch_folders()
    assert folder not in scratch_folders()


async def test_no_secret_of_the_service_gets_there_and_no_descriptor(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SPEECH_TLS_KEY_FILE", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "CUDA_API_TOKEN"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "1")
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        async with pool(store) as each:
            variables, descriptors = await answers(each, "variables")
    assert "a secret" not in variables.values()
    assert variables["HIP_VISIBLE_DEVICES"] == "1"
    assert variables["HOME"] == variables["TMPDIR"] != str(Path.home())
    assert str(tmp_path / "open") not in descriptors


@needs_landlock
async def test_what_keeps_the_workers_is_told_with_their_status(store: Path) -> None:
    async with pool(store) as each:
        await attempt(each, "scratch", None)
        assert each.status.sandbox.startswith(f"landlock {OFFER.landlock}")
        assert ("seccomp" in each.status.sandbox.split(";")[0]) == OFFER.seccomp
    async with pool(store, mode="off") as each:
        await attempt(each, "scratch", None)
        assert each.status.sandbox == "none: switched off"


ALONE = """
import errno, os, socket, sys
from chassis.worker.sandbox import seccomp
from chassis.worker.sandbox.enter import enter
from chassis.worker.sandbox.plan import Plan

def none():
    raise seccomp.UnavailableError("libseccomp.so.2 is not installed")

seccomp.load = none
told = enter(Plan("auto"), "tests")
refused = []
for attempt in (
    lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5),
    lambda: socket.socket().bind(("127.0.0.1", 0)),
    lambda: os.kill(os.getppid(), 0),
    lambda: os.execv("/bin/true", ["true"]),
):
    try:
        attempt()
        refused.append(False)
    except PermissionError:
        refused.append(True)
print(told, refused, sep="|")
"""


@needs_landlock
def test_without_seccomp_landlock_alone_holds_ports_signals_and_programs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-c", ALONE, str(listener.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    told, refused = done.stdout.strip().split("|")
    assert told.startswith(f"landlock {OFFER.landlock}; no seccomp: libseccomp.so.2 is not installed")
    assert refused == str([OFFER.landlock >= 4, OFFER.landlock >= 4, OFFER.landlock >= 6, True])


GIVEN_UP = """
import os
from chassis.worker.sandbox import capabilities
from chassis.worker.sandbox.enter import enter
from chassis.worker.sandbox.plan import Plan
told = enter(Plan("auto"), "tests")
print(told, capabilities.held(), sep="|")
"""


@pytest.mark.skipif(not capabilities.held(), reason="who has no capabilities cannot give them up")
def test_a_worker_that_root_starts_gives_up_what_root_may_do() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_UP], cwd=ROOT, capture_output=True, text=True, timeout=60)
    told, held = done.stdout.strip().split("|")
    over_files = "no capabilities but over files" in told
    assert over_files or told.endswith("; no capabilities")
    assert int(held) & ~(0b110 if over_files else 0) == 0


def test_a_folder_of_another_user_keeps_roots_rights_over_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert capabilities._of_another(str(tmp_path))


# What the system does not offer.


def without_landlock(number: int, *arguments: object) -> int:
    """As a kernel answers that was built without it."""
    ctypes.set_errno(errno.ENOSYS)
    return -1


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As a worker that has just begun; the tests' own process has whatever threads gRPC started."""
    (tmp_path / "tasks" / "1").mkdir(parents=True)
    monkeypatch.setattr(module, "_TASKS", tmp_path / "tasks")


def no_seccomp() -> Any:
    raise seccomp.UnavailableError("libseccomp.so.2 is not installed")


@pytest.mark.usefixtures("one_thread")
def test_where_the_system_has_none_of_it_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "restrict", lambda allowed: landlock.version(without_landlock))
    monkeypatch.setattr(seccomp, "load", no_seccomp)
    told = enter(Plan("auto"), "tests")
    assert told.startswith("none: ")
    assert os.strerror(errno.ENOSYS) in told
    assert "libseccomp.so.2 is not installed" in told


@pytest.mark.usefixtures("one_thread")
def test_what_is_required_is_not_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[bool] = []
    monkeypatch.setattr(landlock, "restrict", lambda allowed: landlock.version(without_landlock))
    monkeypatch.setattr(seccomp, "restrict", lambda library, programs: entered.append(programs))
    with pytest.raises(SandboxMissingError, match=os.strerror(errno.ENOSYS)):
        enter(Plan("require"), "tests")
    assert entered == []


def test_of_several_threads_one_alone_would_be_held_so_none_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(module, "_TASKS", tmp_path)
    with pytest.raises(SandboxMissingError, match="2 threads run"):
        enter(Plan("require"), "tests")


def test_a_service_that_requires_it_does_not_start_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(landlock, "version", lambda: landlock._checked(without_landlock(0)))
    family = Family("tiny", "tests.chassis.jobs:Jobs", None, EMPTY_MANIFEST)
    settings = WorkerSettings(models=tmp_path, sandbox="require")
    with pytest.raises(CannotStartError, match="TINY_SANDBOX is require"):
        FamilyHost(family, ServerSettings(spool_dir=tmp_path), settings)


@pytest.mark.parametrize(
    ("version", "files", "ports", "scopes"),
    [(1, 13, 0, 0), (2, 14, 0, 0), (3, 15, 0, 0), (4, 15, 2, 0), (5, 16, 2, 0), (6, 16, 2, 2), (7, 16, 2, 2)],
)
def test_each_version_of_landlock_is_asked_for_what_it_knows(version: int, files: int, ports: int, scopes: int) -> None:
    asked = landlock.handled(version)
    assert asked == ((1 << files) - 1, (1 << ports) - 1, (1 << scopes) - 1)


def test_a_kernel_of_each_version_takes_the_rules_that_are_made_for_it(tmp_path: Path) -> None:
    """Its sizes of the ruleset are 8, 16 and 24 bytes; a longer one would be refused by an older kernel."""
    sizes = {}
    for found in range(1, 9):
        calls: list[tuple[Any, ...]] = []

        def kernel(number: int, *arguments: Any, found: int = found, calls: list[Any] = calls) -> int:
            calls.append((number, *arguments))
            if number != 444:
                return 0
            return found if arguments[0] is None else os.open(tmp_path, os.O_RDONLY)

        held = landlock.restrict([], kernel)
        assert held == min(found, 7)
        sizes[found] = next(each[2].value for each in calls if each[0] == 444 and each[1] is not None)
    assert sizes == {1: 8, 2: 8, 3: 8, 4: 16, 5: 16, 6: 24, 7: 24, 8: 24}


def test_secrets_do_not_pass_by_the_beginning_of_their_name() -> None:
    given = {"CUDA_AUTH_KEY": "x", "HF_TOKEN": "x", "TORCH_TOKEN": "x", "OMP_NUM_THREADS": "2", "LC_ALL": "C", "A": "x"}
    kept = environment(given, "/scratch")
    assert kept == {"OMP_NUM_THREADS": "2", "LC_ALL": "C", "HOME": "/scratch", "TMPDIR": "/scratch"}


def test_on_the_cpu_no_worker_has_a_gpu_and_one_that_compiles_may_run_programs() -> None:
    on_cpu = plan_for("auto", "cpu", (), (), compiles=False)
    assert (on_cpu.gpu, on_cpu.programs) == (False, False)
    assert plan_for("auto", "cpu", (), (), compiles=True).programs
