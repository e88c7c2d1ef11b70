"""The store is kept in order: plans, locks, room, repairs, and what belongs to nothing any more."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models.cli import main
from chassis.models.records import Records
from tests.fixtures.scripted_hub import scripted_hub

SHARED, ONE, TWO = b"s" * 3000, b"1" * 1000, b"2" * 2000

MODEL = """
[[models]]
name = "{name}"
engine = "fake"
default = {default}
starter = false
mission = true
aliases = [{aliases}]
revision = "main"
license_spdx = "MIT"
commercial_use = true
[[models.sets]]
repository = "someone/{name}"
revision = "main"
files = ["*.bin"]
"""


@pytest.fixture
def hub():
    with scripted_hub() as hub:
        hub.publish("someone/one", {"shared.bin": SHARED, "one.bin": ONE})
        hub.publish("someone/two", {"shared.bin": SHARED, "two.bin": TWO})
        hub.publish("someone/large", {"large.bin": b"large"})
        yield hub


def manifests(lab):
    lab.write(
        MODEL.format(name="one", default="true", aliases='"base"')
        + MODEL.format(name="two", default="false", aliases='"small"')
    )
    lab.write(MODEL.format(name="large", default="true", aliases='"small"'), "essentia")


@pytest.fixture
def run(lab, hub, monkeypatch, capsys):
    """Runs a command as a program would; gives its exit code and its rows."""
    manifests(lab)
    monkeypatch.setenv("ANTIPHON_MODELS", str(lab.root))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)

    def run(*arguments):
        code = main(["--project", str(lab.project), "--json", *arguments])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def pulled(outcome):
    """Models that were installed."""
    return [row["model"] for row in outcome[1] if row["event"] == "installed"]


def test_a_plan_sums_what_the_hub_states_and_leaves_out_what_is_there(run):
    assert run("plan", "mission")[1][0]["bytes"] == 2 * 3000 + 1000 + 2000 + 5
    run("pull", "one")
    (row,) = run("plan", "mission")[1]
    # The file that both have is here already.
    assert (row["models"], row["bytes"]) == (["large", "two"], 2000 + 5)


def test_a_plan_asks_the_hub_once_and_a_pull_goes_by_the_same_answer(run, hub):
    run("pull", "one")
    assert hub.asked("/api/models/someone/one") == 1


def test_a_hub_that_does_not_answer_is_given_up_once_for_all_models(run, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    tries = []
    monkeypatch.setattr("time.sleep", tries.append)
    code, rows = run("pull", "mission")
    assert code == 1
    assert [row["model"] for row in rows if row["event"] == "error"] == ["large", "one", "two"]
    assert all("HF_ENDPOINT" in row["message"] for row in rows if row["event"] == "error")
    # The pauses between the tries for the first model, and none for the others.
    assert len(tries) == 2


def test_more_than_a_few_gigabytes_are_fetched_only_where_that_was_agreed_to(run, monkeypatch, hub):
    monkeypatch.setattr("chassis.models.cli.ASK_FROM_BYTES", 1000)
    code, rows = run("pull", "two")
    assert code == 2
    assert rows[-1]["reason"] == "NOT_AGREED"
    assert "--yes" in rows[-1]["message"]
    assert hub.asked("/storage/") == 0
    assert run("pull", "two", "--yes")[0] == 0


def test_names_of_older_systems_are_aliases_and_one_of_two_services_asks_which(run):
    assert pulled(run("pull", "base")) == ["one"]
    code, rows = run("pull", "small")
    assert code == 2
    assert "two (speech)" in rows[0]["message"]
    assert "large (essentia)" in rows[0]["message"]
    assert [row["model"] for row in run("pull", "small", "--for", "speech")[1] if row["event"] == "installed"] == [
        "two"
    ]


def test_a_service_without_names_begins_with_its_defaults(run):
    assert pulled(run("pull", "--for", "essentia")) == ["large"]
    code, rows = run("pull", "--for", "speach")
    assert code == 2
    assert "did you mean speech?" in rows[0]["message"]


def test_a_model_that_is_removed_leaves_what_another_uses(run, lab):
    run("pull", "one", "two")
    assert {(row["model"], row["bytes"], row["shared_bytes"]) for row in run("du")[1] if row["event"] == "usage"} == {
        ("one", 4000, 3000),
        ("two", 5000, 3000),
    }
    assert run("remove", "one")[1] == [{"event": "removed", "model": "one", "bytes": 1000, "there": True}]
    assert not lab.store().installed("one")
    assert lab.store().require("two").files["shared.bin"].read_bytes() == SHARED
    assert not (lab.root / "views" / "speech" / "one").exists()


def test_what_was_recorded_outlives_a_removal_unless_it_is_to_be_forgotten(run, hub, lab):
    run("pull", "one")
    recorded = hub.repositories["someone/one"].commit
    run("remove", "one")
    assert lab.store().model("one").files[0].sources[0].revision == recorded
    run("remove", "one", "--forget")
    hub.repositories["someone/one"].files["one.bin"] = b"newer"
    assert run("pull", "one")[0] == 0
    assert lab.store().require("one").files["one.bin"].read_bytes() == b"newer"


def test_files_of_no_model_are_found_and_deleted_when_asked(run, lab):
    run("pull", "one", "two")
    lab.write(MODEL.format(name="one", default="true", aliases=""))
    (row,) = run("prune")[1]
    assert (row["event"], len(row["blobs"]), row["views"], row["bytes"]) == ("prunable", 1, 1, 2000)
    assert run("prune", "--yes")[1][0]["event"] == "pruned"
    assert lab.store().require("one").files["shared.bin"].read_bytes() == SHARED
    assert run("prune")[1][0]["bytes"] == 0


def test_a_damaged_file_is_repaired_when_asked(run, lab):
    run("pull", "one")
    blob = lab.store().require("one").files["one.bin"].resolve()
    blob.chmod(0o644)
    blob.write_bytes(b"x" * 1000)
    assert run("verify", "one")[0] == 1
    code, rows = run("verify", "--repair", "one")
    assert code == 0
    assert [row["event"] for row in rows if row["event"] != "progress"] == ["note", "installed"]
    assert lab.store().require("one").files["one.bin"].read_bytes() == ONE


def test_a_model_of_which_only_shared_files_are_there_is_absent_and_not_damaged(run):
    run("pull", "one", "two")
    run("remove", "two")
    code, rows = run("verify")
    assert code == 0
    assert {row["model"]: row["event"] for row in rows} == {"one": "verified", "two": "absent", "large": "absent"}


def test_a_model_that_lost_a_file_but_has_one_of_its_own_is_damaged(run, lab):
    run("pull", "one", "two")
    lab.store().require("two").files["shared.bin"].resolve().unlink()
    code, rows = run("verify", "two")
    assert (code, rows[0]["reason"]) == (1, "MODEL_CORRUPT")


def lock_of(lab, capsys, tmp_path):
    assert main(["--project", str(lab.project), "lock"]) == 0
    path = tmp_path / "models.lock"
    path.write_text(capsys.readouterr().out)
    return path


def test_another_machine_is_held_to_a_lock_file(run, lab, hub, capsys, tmp_path, monkeypatch):
    run("pull", "one", "large")
    lock = lock_of(lab, capsys, tmp_path)
    assert set(json.loads(lock.read_text())["models"]) == {"speech/one", "essentia/large"}
    monkeypatch.setenv("ANTIPHON_MODELS", str(tmp_path / "elsewhere"))
    hub.requests.clear()
    code, rows = run("pull", "--lock", str(lock))
    assert code == 0
    assert [row["model"] for row in rows if row["event"] == "installed"] == ["large", "one"]
    # What the files are is known; the hub is asked for nothing but their bytes.
    assert hub.asked("/api/") == 0


def test_a_machine_without_a_network_takes_what_a_lock_says_from_a_folder(run, lab, capsys, tmp_path, monkeypatch):
    run("pull", "one")
    lock = lock_of(lab, capsys, tmp_path)
    monkeypatch.setenv("ANTIPHON_MODELS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ANTIPHON_MODEL_MIRROR", str(lab.root / "blobs"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert pulled(run("pull", "--lock", str(lock))) == ["one"]


def test_a_hub_that_gives_something_else_than_the_lock_says_is_refused(run, lab, hub, capsys, tmp_path, monkeypatch):
    run("pull", "one")
    lock = lock_of(lab, capsys, tmp_path)
    monkeypatch.setenv("ANTIPHON_MODELS", str(tmp_path / "elsewhere"))
    hub.tampered["one.bin"] = b"!" * 1000
    code, rows = run("pull", "--lock", str(lock))
    assert code == 1
    assert "SHA-256" in rows[-1]["message"]


def test_a_store_that_recorded_something_else_is_not_overruled_by_a_lock(run, lab, hub, capsys, tmp_path, monkeypatch):
    run("pull", "one")
    lock = lock_of(lab, capsys, tmp_path)
    monkeypatch.setenv("ANTIPHON_MODELS", str(tmp_path / "elsewhere"))
    hub.repositories["someone/one"].files["one.bin"] = b"newer"
    run("pull", "one")
    code, rows = run("pull", "--lock", str(lock))
    assert (code, rows[0]["reason"]) == (1, "LOCK_DIFFERS")
    assert "remove --forget one" in rows[0]["message"]
    code, rows = run("pull", "--lock", str(lock), "two")
    assert "does not have it" in rows[0]["message"]


@pytest.mark.parametrize("text", ["", "[]", '{"antiphon_models_lock": 2, "models": {}}', "[" * 100_000])
def test_what_is_no_lock_file_is_refused(run, tmp_path, text):
    (tmp_path / "models.lock").write_text(text)
    code, rows = run("pull", "--lock", str(tmp_path / "models.lock"))
    assert (code, rows[0]["reason"]) == (2, "CONFIGURATION")


def program(lab, *arguments, **more):
    command = [sys.executable, "-m", "chassis.models", "--project", str(lab.project), "--json", *arguments]
    return subprocess.Popen(command, env=lab.environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_file_that_does_not_fit_is_an_error_that_leaves_the_store_whole(lab, hub):
    # A limit on the size of files stands for a full disk: both fail in the middle of a write.
    manifests(lab)
    hub.publish("someone/two", {"two.bin": b"2" * 400_000})
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "from chassis.models.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "--project", str(lab.project), "--json", "pull", "one", "two"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run(
        command, env=lab.environment(HF_ENDPOINT=hub.url), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["reason"], last["model"]) == ("MODEL_STORE_FULL", "two")
    assert "no room left" in last["message"]
    assert lab.store().require("one").files["one.bin"].read_bytes() == ONE
    assert not lab.store().installed("two")
    # With room it goes on from what is there.
    lab.puller(hub=hub.url).pull(lab.store(), "two")
    assert hub.requests[-1][2] == "bytes=100000-"
    assert lab.store().installed("two")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_record_that_does_not_fit_is_told_as_a_full_store(lab, monkeypatch, number):
    def full(*_):
        raise OSError(number, "full")

    monkeypatch.setattr("os.replace", full)
    records = Records(lab.root)
    with pytest.raises(AntiphonError) as caught:
        records.write("a" * 64, {})
    assert caught.value.reason == "MODEL_STORE_FULL"
    # Nothing of it is left in the way.
    assert list((lab.root / "records").iterdir()) == []


def test_a_pull_that_is_killed_leaves_no_lock_behind_and_the_next_goes_on(lab, hub):
    manifests(lab)
    hub.publish("someone/two", {"two.bin": b"2" * 400_000})
    hub.cut = [200_000]
    hub.hold.clear()
    first = program(lab, "pull", "two", HF_ENDPOINT=hub.url)
    deadline = time.monotonic() + 60
    while not list(lab.root.glob("staging/*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    second = program(lab, "pull", "two", HF_ENDPOINT=hub.url)
    assert b"waiting for another process" in second.stdout.readline()
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    hub.hold.set()
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 0, out
    assert lab.store().require("two").files["two.bin"].read_bytes() == b"2" * 400_000
    assert list(lab.root.glob("staging/work-*")) == []
