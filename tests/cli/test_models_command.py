"""``antiphon models``: the store's program runs as a child, its events are shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from antiphon_cli.models.events import View
from antiphon_cli.models.listing import Listing
from chassis.models.shelf import Shelf
from services.generation.settings import GenerationSettings
from services.separation.settings import SeparationSettings
from services.speech.settings import SpeechSettings
from tests.cli.checkouts import make_checkout
from tests.fixtures.gateway_process import environment

ROOT = Path(__file__).resolve().parents[2]

_PROGRAM = """
import json, sys
if "--help" in sys.argv:
    print("usage: antiphon models pull")
    sys.exit(0)
for event in [
    {"event": "progress", "model": "m", "file": "w.bin", "done": 0, "total": 1000},
    {"event": "progress", "model": "m", "file": "w.bin", "done": 1, "total": 1000},
    {"event": "progress", "model": "m", "file": "w.bin", "done": 1000, "total": 1000},
    {"event": "installed", "model": "m", "fetched": True},
    {"event": "error", "model": "n", "reason": "DOWNLOAD_FAILED", "message": "no answer"},
    {"event": "never heard of", "n": 1},
]:
    print(json.dumps(event))
sys.exit(int(sys.argv[-1]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_checkout(tmp_path / "project")
    (folder / "chassis" / "models").mkdir()
    (folder / "chassis" / "models" / "__main__.py").write_text(_PROGRAM)
    return folder


def test_events_are_told_in_words_and_the_exit_code_is_passed_on(antiphon: Any, project: Path) -> None:
    done = antiphon("models", "pull", "m", "1", ANTIPHON_ROOT=str(project))
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == ["m: installed", '{"event": "never heard of", "n": 1}']
    assert done.stderr.decode().splitlines() == [
        "m: w.bin  0.0 kB of 1.0 kB",
        "m: w.bin  1.0 kB of 1.0 kB",
        "n: DOWNLOAD_FAILED: no answer",
    ]


def test_json_is_passed_on_as_it_is(antiphon: Any, project: Path) -> None:
    done = antiphon("models", "pull", "--json", "0", ANTIPHON_ROOT=str(project))
    assert done.returncode == 0
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][3:5] == ["installed", "error"]


@pytest.mark.parametrize(
    "arguments",
    [["models"], ["models", "list"], ["models", "pull"], ["models", "import"], ["models", "lock"], ["models", "prune"]],
)
def test_help_looks_like_that_of_all_other_commands(antiphon: Any, tmp_path: Path, arguments: list[str]) -> None:
    text = antiphon(*arguments, "--help").stdout.decode()
    assert text.startswith(f"Usage: antiphon {' '.join(arguments)} ")
    assert "Examples:" in text
    assert "Exit codes:" in text


_MODELS = """
import json
for name, service, installed in [("tiny", "speech", True), ("a-model-of-a-very-long-name-indeed", "speech", False),
                                 ("stems", "separation", True)]:
    print(json.dumps({"event": "model", "model": name, "service": service, "installed": installed, "default": installed,
        "engine": "fake", "gated": not installed,
        "license_spdx": "CC-BY-NC-4.0", "commercial_use": False,
        "download_bytes": 1_500_000, "installed_bytes": 2_500_000,
        "summary": "What it is, told in a sentence that is longer than there is room for in a column"}))
"""


@pytest.fixture
def shelf(project: Path) -> Path:
    (project / "chassis" / "models" / "__main__.py").write_text(_MODELS)
    return project


@pytest.mark.parametrize("columns", [80, 120])
def test_models_are_listed_by_service_within_the_terminal(antiphon: Any, shelf: Path, columns: int) -> None:
    done = antiphon("models", "list", ANTIPHON_ROOT=str(shelf), COLUMNS=str(columns))
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert 70 < max(map(len, lines)) <= columns
    assert [line for line in lines if line in ("speech", "separation")] == ["speech", "separation"]
    assert [line.split() for line in lines if line.startswith("MODEL")] == [
        ["MODEL", "ENGINE", "STATE", "SIZE", "LICENCE", "WHAT"]
    ] * 2
    assert next(line for line in lines if line.startswith("tiny")).split()[1:5] == ["fake", "installed", "2.5", "MB"]
    assert any("1.5 MB" in line and "to fetch" in line for line in lines)
    assert " ".join(" ".join(lines).split()).count("accept") == 1


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--installed"], ["tiny", "stems"]),
        (["--installed", "--service", "speech"], ["tiny"]),
        (["LONG-NAME", "cc-by"], ["a-model-of-a-very-long-name-indeed"]),
    ],
)
def test_only_the_models_that_are_wanted_are_listed(
    antiphon: Any, shelf: Path, options: list[str], names: list[str]
) -> None:
    done = antiphon("models", "list", *options, "--json", ANTIPHON_ROOT=str(shelf))
    assert [json.loads(line)["model"] for line in done.stdout.splitlines()] == names
    text = antiphon("models", "list", *options, ANTIPHON_ROOT=str(shelf)).stdout.decode()
    assert [name for name in ("tiny", "a-model", "stems") if name in text] == [name[:7] for name in names]


def test_without_a_checkout_it_says_what_it_needs(antiphon: Any, tmp_path: Path) -> None:
    done = antiphon("models", "list", ANTIPHON_ROOT=str(tmp_path), COLUMNS="")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"antiphon: ANTIPHON_ROOT is {tmp_path}, which is no checkout of Antiphon: it has no Makefile\n"
    )


def test_one_model_of_a_service_is_its_default_and_it_is_the_one_that_its_settings_name() -> None:
    own = {
        "speech": SpeechSettings().engine,
        "separation": "spleeter",
        "generation": GenerationSettings().engine,
        "llm_audio": "facts",
    }
    assert SeparationSettings().default_model == "spleeter-2stems"
    listing = Listing()
    for store, name in Shelf.load(ROOT, ROOT).all():
        model = store.manifest.model(name)
        row = {"model": name, "service": model.service, "engine": model.engine, "default": model.default}
        listing.take({"event": "model", **row}, "")
    for service, engine in own.items():
        text = "\n".join(listing.lines(False, service))
        manifest = next(each.manifest for each in Shelf.load(ROOT, ROOT).stores if each.manifest.service == service)
        wanted = manifest.default(engine)
        assert text.count("default") == (wanted is not None)
        assert wanted is None or listing._default(service) == wanted.name


def test_what_the_environment_says_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing()
    for name, engine in (("one", "a"), ("two", "b")):
        listing.take({"event": "model", "model": name, "service": "speech", "engine": engine, "default": True}, "")
    assert listing._default("speech") == "one"
    monkeypatch.setenv("SPEECH_ENGINE", "b")
    assert listing._default("speech") == "two"
    monkeypatch.setenv("ANTIPHON_DEFAULT_MODEL", "other")
    assert listing._default("speech") == "other"


_KEEPING = """
import json, sys
verb = sys.argv[2]
with open("asked", "a") as asked:
    asked.write(" ".join(sys.argv[2:]) + "\\n")
print(json.dumps({
    "plan": {"event": "plan", "models": ["m", "n"], "bytes": 12_000_000_000, "unknown": ["n"], "gated": ["n"]},
    "pull": {"event": "installed", "model": "m", "fetched": True},
    "prune": {"event": "pruned" if "--yes" in sys.argv else "prunable", "blobs": ["x"], "views": 1, "bytes": 2_000_000},
    "remove": {"event": "removed", "model": "m", "bytes": 3_000_000, "there": True},
    "du": {"event": "usage", "model": "m", "bytes": 3_000_000, "shared_bytes": 1_000_000},
    "lock": {"antiphon_models_lock": 1, "models": {}},
}[verb]))
"""


@pytest.fixture
def kept(project: Path) -> Path:
    (project / "chassis" / "models" / "__main__.py").write_text(_KEEPING)
    return project


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["prune"], "2.0 MB belong to no model any more; delete them with: antiphon models prune --yes"),
        (["prune", "--yes"], "2.0 MB are free"),
        (["remove", "m"], "m: removed, 3.0 MB are free"),
        (["du"], "m: 3.0 MB, 1.0 MB of it shared with others"),
        (["lock"], '{"antiphon_models_lock": 1, "models": {}}'),
    ],
)
def test_what_keeps_a_store_in_order_is_told_in_words(
    antiphon: Any, kept: Path, arguments: list[str], told: str
) -> None:
    done = antiphon("models", *arguments, ANTIPHON_ROOT=str(kept))
    assert (done.returncode, done.stdout.decode().splitlines()) == (0, [told])


@pytest.mark.parametrize(("answer", "asked"), [("y", ["plan mission", "pull mission --yes"]), ("n", ["plan mission"])])
def test_a_person_at_a_terminal_is_asked_before_much_is_fetched(
    kept: Path, tmp_path: Path, answer: str, asked: list[str]
) -> None:
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = [sys.executable, "-P", "-m", "antiphon_cli", "models", "pull", "mission"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(ANTIPHON_ROOT=str(kept)),
        stdin=theirs,
        capture_output=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (
        "2 models, 12.00 GB to fetch, and 1 whose size nobody states; gated, so with HF_TOKEN alone: n. Go on?"
        in done.stderr.decode()
    )
    assert (tmp_path / "asked").read_text().splitlines() == asked
    assert done.returncode == (0 if answer == "y" else 1)


def test_without_a_terminal_a_line_says_how_fast_it_goes_and_how_long_it_will_take(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = iter([0.0, 10.0, 40.0])
    view = View(clock=lambda: next(seconds))
    for done in (1_000_000, 3_000_000, 9_000_000):
        view.show(json.dumps({"event": "progress", "model": "m", "file": "w", "done": done, "total": 9_000_000}))
    # 2 MB in 10 s leave 6 MB for another 30; what was there before counts for neither.
    assert capsys.readouterr().err.splitlines() == [
        "m: w  1.0 MB of 9.0 MB",
        "m: w  3.0 MB of 9.0 MB, 200.0 kB/s, 30 s left",
        "m: w  9.0 MB of 9.0 MB, 200.0 kB/s",
    ]
