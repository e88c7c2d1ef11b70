"""The command line as a user meets it: in a process of its own, against a scripted gateway."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from antiphon_cli.program import cli
from tests.fixtures.gateway_process import ROOT, environment, wait_until
from tests.fixtures.scripted_gateway import STEMS

COMMANDS = sorted(cli.commands)


def clip(folder: Path, name: str | bytes, script: str = "fine") -> Path:
    """Writes a file that makes the gateway follow a script."""
    path = folder / os.fsdecode(name)
    path.write_bytes(script.encode() + b" " + bytes(1000))
    return path


def leftovers(folder: Path) -> list[str]:
    """Every file below a folder, by name."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(antiphon: Any, command: str) -> None:
    done = antiphon(command, "--help")
    assert done.returncode == 0
    assert f"Examples:\n    antiphon {command}".encode() in done.stdout


def test_help_fits_80_columns() -> None:
    for name in (None, "analyze", "separate", "transcribe", "render", "describe", "compare", "generate"):
        shown = CliRunner(env={"COLUMNS": "80"}).invoke(cli, [*([name] if name else []), "--help"])
        assert [line for line in shown.output.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["analyze", "absent.wav"],
        ["analyze", "."],
        ["nonsense"],
        ["analyze", "--only", "cooking", "clip.wav"],
        ["analyze", "--only", "speech", "--stems", "out", "clip.wav"],
        ["analyze", "--model", "htdemucs", "clip.wav"],
        ["analyze", "--timeout", "0", "clip.wav"],
        ["up", "--services", "cooking"],
        ["up", "--base-port", "70000"],
        ["models"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_says_why(antiphon: Any, tmp_path: Path, arguments: list[str]) -> None:
    clip(tmp_path, "clip.wav")
    done = antiphon(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr
    assert b"Error: " in done.stderr


def test_a_gateway_that_is_not_there_exits_3_and_names_the_command_that_starts_it(
    antiphon: Any, tmp_path: Path
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{held.getsockname()[1]}"
        done = antiphon("analyze", clip(tmp_path, "clip.wav"), "--gateway", target)
        status = antiphon("status", "--gateway", target)
    assert (done.returncode, done.stdout) == (3, b"")
    assert f"nobody answers at {target}".encode() in done.stderr
    assert b"antiphon up" in done.stderr
    assert status.returncode == 3


def test_the_summary_tells_facts_stages_and_models(antiphon: Any, gateway: Any, tmp_path: Path) -> None:
    done = antiphon("analyze", clip(tmp_path, "clip.wav"), "--gateway", gateway.target, "--model", "separation=special")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "wav (pcm_s16le), 44100 Hz, 2 channels, 1:23.25" in text
    assert "120.0 BPM (67 % of the estimators agree, disputed)" in text
    assert "Eb minor" in text
    assert "special" in text
    assert "abababababababab… weights.bin" in text
    assert "loudness" not in text, "a fact that is absent is not shown"
    assert "\x1b" not in text, "what a model wrote cannot steer the terminal"
    assert "separation: 25 %" in done.stderr.decode()


def test_json_on_stdout_is_one_document_and_nothing_else(antiphon: Any, gateway: Any, tmp_path: Path) -> None:
    done = antiphon("analyze", clip(tmp_path, "clip.wav"), "--json", "-", "--gateway", gateway.target)
    assert done.returncode == 0
    record = json.loads(done.stdout)
    assert record["schema_version"] == 1
    assert record["fusion"]["key"] == {"tonic": "Eb", "scale": "minor"}
    # 32 zero bytes in base64.
    assert record["source"]["upload_sha256"] == "A" * 43 + "="


def test_json_of_a_failed_stage_keeps_its_details_and_exits_1(antiphon: Any, gateway: Any, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    done = antiphon("analyze", clip(tmp_path, "clip.wav", "halfway"), "--json", path, "-q", "--gateway", gateway.target)
    assert done.returncode == 1
    (report,) = json.loads(path.read_text())["stage_reports"]
    assert report["state"] == "STAGE_STATE_FAILED"
    assert [detail["@type"].rpartition(".")[2] for detail in report["error"]["details"]] == ["ErrorInfo", "RetryInfo"]
    assert b"QUEUE_FULL: the queue is full" in done.stdout


@pytest.mark.parametrize(("form", "extension"), [("flac", "flac"), ("wav", "wav"), ("opus", "opus")])
def test_stems_are_written_byte_for_byte(
    antiphon: Any, gateway: Any, tmp_path: Path, form: str, extension: str
) -> None:
    out = tmp_path / "out"
    arguments = ["--stems", out, "--stem-format", form, "--gateway", gateway.target]
    done = antiphon("analyze", clip(tmp_path, "clip.wav"), *arguments)
    assert done.returncode == 0, done.stderr
    assert {path.name: path.read_bytes() for path in (out / "clip").iterdir()} == {
        f"{name}.{extension}": data for name, data in STEMS.items()
    }
    assert f"{out / 'clip' / 'vocals'}.{extension}".encode() in done.stdout


@pytest.mark.parametrize("script", ["torn", "flipped", "cut", "halfway", "escape"])
def test_no_part_of_a_stem_is_left_where_the_answer_is_not_whole(
    antiphon: Any, gateway: Any, tmp_path: Path, script: str
) -> None:
    out = tmp_path / "in" / "out"
    done = antiphon("analyze", clip(tmp_path, "clip.wav", script), "--stems", out, "--gateway", gateway.target)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert leftovers(tmp_path) == ["clip.wav"]


@pytest.mark.parametrize(
    "name", [b"with space.wav", "größer 音楽.wav".encode(), b"not-utf8-\xff\xfe.wav", b"-dash.wav"]
)
def test_any_file_name_works(antiphon: Any, gateway: Any, tmp_path: Path, name: bytes) -> None:
    clip(tmp_path, name)
    for locale in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}):
        done = antiphon("analyze", "--gateway", gateway.target, "--", name, **locale)
        assert done.returncode == 0, done.stderr
    listed = antiphon("analyze", "--json", "-", "--gateway", gateway.target, "--", name, name)
    assert len([json.loads(line) for line in listed.stdout.decode().splitlines()]) == 2


def test_a_bad_file_among_good_ones_stops_nobody_and_exits_1(antiphon: Any, gateway: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = [clip(tmp_path, "one.wav"), clip(tmp_path, "two.wav", "bad"), clip(tmp_path / "other", "one.wav")]
    out = tmp_path / "out"
    done = antiphon("analyze", *files, "--json", "-", "--stems", out, "--gateway", gateway.target)
    assert done.returncode == 1
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["file"] for entry in entries] == [str(path) for path in files]
    assert ["record" in entry for entry in entries] == [True, False, True]
    assert entries[1]["error"]["reason"] == "AUDIO_UNDECODABLE"
    assert sorted(path.parent.relative_to(out).as_posix() for path in out.rglob("vocals.*")) == ["one", "other/one"]
    assert f"{files[1]}: AUDIO_UNDECODABLE".encode() in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_cancels_the_call_without_a_trace(
    gateway: Any, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    before = gateway.log.read_text().count("cancelled")
    path = clip(tmp_path, "clip.wav", "endless")
    process = subprocess.Popen(
        [sys.executable, "-m", "antiphon_cli", "analyze", str(path), "--gateway", gateway.target],
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "50 %" in line:
            break
    process.send_signal(number)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in rest
    wait_until(lambda: gateway.log.read_text().count("cancelled") > before)


def test_json_that_cannot_be_written_exits_1(antiphon: Any, gateway: Any, tmp_path: Path) -> None:
    target = tmp_path / "a-file"
    target.write_text("")
    done = antiphon("analyze", clip(tmp_path, "clip.wav"), "--json", target / "r.json", "--gateway", gateway.target)
    assert done.returncode == 1
    assert b"cannot write" in done.stderr
    assert b"Traceback" not in done.stderr


def test_status_of_a_gateway_elsewhere_lists_its_services(antiphon: Any, gateway: Any) -> None:
    done = antiphon("status", "--gateway", gateway.target)
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == ["separation   ready", "speech       not ready: not answering"]


def test_version_names_antiphon(antiphon: Any) -> None:
    done = antiphon("version")
    assert done.returncode == 0
    assert done.stdout.startswith(b"antiphon ")


def test_the_readme_names_every_command_and_every_variable() -> None:
    text = (ROOT / "cli" / "README.md").read_text(encoding="utf-8")
    variables = {
        option.envvar
        for command in cli.commands.values()
        for option in command.params
        if isinstance(option.envvar, str)
    }
    assert len(variables) > 3
    assert [name for name in cli.commands if f"`antiphon {name}" not in text] == []
    assert [name for name in [*variables, "ANTIPHON_ROOT", "ANTIPHON_STATE"] if f"| `{name}` |" not in text] == []
