"""Settings that have no option of their own come from a file, in the words of the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.analyze import settings_file


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.json"
    path.write_text(text)
    return path


def test_each_stage_gets_its_settings_and_options_win(tmp_path: Path) -> None:
    text = '{"essentia": {"min_bpm": 60, "keyProfiles": ["edma"]}, "speech": {"language_code": "de", "beam_size": 2}}'
    settings: dict[str, Any] = {
        "stages": (),
        "essentia": essentia_pb2.AnalysisConfig(include_series=True),
        "speech": speech_pb2.TranscriptionConfig(language_code="en"),
    }
    settings_file.merge(settings, settings_file.read(written(tmp_path, text)))
    assert settings["essentia"] == essentia_pb2.AnalysisConfig(include_series=True, min_bpm=60, key_profiles=["edma"])
    assert settings["speech"] == speech_pb2.TranscriptionConfig(language_code="en", beam_size=2)
    assert settings["stages"] == ()


@pytest.mark.parametrize("option", [None, "other"])
def test_what_the_file_says_is_sent(antiphon: Any, gateway: Any, tmp_path: Path, option: str | None) -> None:
    (tmp_path / "clip.wav").write_bytes(b"fine " + bytes(1000))
    path = written(tmp_path, '{"separation": {"model": "own"}}')
    chosen = [] if option is None else ["--model", f"separation={option}"]
    done = antiphon(
        "analyze", "--gateway", gateway.target, "--settings", path, *chosen, "--json", "-", "clip.wav", "-q"
    )
    assert done.returncode == 0, done.stderr
    model = json.loads(done.stdout)["separation"]["provenance"]["model"]["name"]
    assert model == (option or "own")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", b"settings.json"),
        ('{"cooking": {}}', b"cooking"),
        ('{"essentia": {"bpm": 1}}', b"bpm"),
        ('{"essentia": {"min_bpm": "slow"}}', b"min_bpm"),
        ('{"stages": ["speech"]}', b"'stages' is no stage"),
        ('{"audio_format": {}}', b"'audio_format' is no stage"),
    ],
)
def test_a_file_that_makes_no_sense_is_wrong_usage(antiphon: Any, tmp_path: Path, text: str, said: bytes) -> None:
    (tmp_path / "clip.wav").write_bytes(b"fine")
    done = antiphon("analyze", "--settings", written(tmp_path, text), "clip.wav", COLUMNS="")
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
    assert b"Traceback" not in done.stderr
