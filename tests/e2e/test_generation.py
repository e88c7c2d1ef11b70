"""Music from words, and back: what ``antiphon generate`` makes goes through ``antiphon analyze``; tiny weights."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.conftest import ROOT, Stack

pytestmark = pytest.mark.e2e


def generate(stack: Stack, *arguments: str) -> str:
    done = stack.antiphon("generate", *arguments, "--generation", stack.target("generation"))
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_what_was_generated_is_analysed(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "piano.wav"
    told = generate(stack, "warm lo-fi piano, 80 bpm", "--seconds", "12", "--seed", "7", "--out", str(path))
    assert "12.0 s, seed 7" in told
    samples, rate = soundfile.read(path)
    assert (rate, samples.shape) == (32_000, (384_000,))
    assert np.abs(samples).max() > 0.01
    done = stack.antiphon("analyze", str(path), "--gateway", stack.target("gateway"), "--json", "-")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert {report["state"] for report in record["stage_reports"]} == {"STAGE_STATE_SUCCEEDED"}
    assert record["source"]["sample_rate_hertz"] == 32_000
    assert record["source"]["frame_count"] == "384000"
    assert record["essentia"]["features"]


def test_the_seed_that_was_told_makes_the_same_file_again(stack: Stack, tmp_path: Path) -> None:
    first, again = tmp_path / "first.flac", tmp_path / "again.flac"
    told = generate(stack, "calm guitar", "--seconds", "1", "--out", str(first))
    (seed,) = re.findall(r"seed (\d+)", told)
    generate(stack, "calm guitar", "--seconds", "1", "--seed", seed, "--out", str(again))
    assert first.read_bytes() == again.read_bytes()


def test_a_recording_is_continued_and_several_prompts_fill_a_folder(stack: Stack, tmp_path: Path) -> None:
    start, longer = tmp_path / "start.wav", tmp_path / "longer.wav"
    generate(stack, "surf rock", "--seconds", "2", "--out", str(start))
    generate(stack, "surf rock", "--seconds", "1", "--continue", str(start), "--out", str(longer))
    assert soundfile.info(longer).frames == 3 * 32_000
    generate(stack, "one", "two", "--seconds", "0.5", "--out", str(tmp_path / "pieces"))
    assert sorted(path.name for path in (tmp_path / "pieces").iterdir()) == ["piece-1.wav", "piece-2.wav"]


def test_standard_output_carries_the_audio_alone(stack: Stack, tmp_path: Path) -> None:
    command = [str(ROOT / "antiphon"), "generate", "calm", "--seconds", "1", "--format", "f32le", "--out", "-"]
    command += ["--generation", stack.target("generation")]
    done = subprocess.run(command, env=stack.environment, capture_output=True, timeout=120, check=True)
    assert len(done.stdout) == 4 * 32_000


def test_the_status_names_the_default_model(stack: Stack) -> None:
    assert "tiny-mono" in stack.antiphon("status").stdout
