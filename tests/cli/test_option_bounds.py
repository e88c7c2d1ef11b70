"""What can be known to be wrong is refused before any service is asked, by the bounds that the services have."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon_cli import options
from antiphon_cli.audio import encodings
from antiphon_cli.generate import options as generation
from antiphon_cli.separate import options as separation
from antiphon_cli.separate import request
from antiphon_cli.speakers import MAX_SPEAKERS
from chassis import bounds
from chassis import encodings as services_encodings
from chassis.audio import libav_encodings
from services.generation.contract import SEEDS
from services.generation.order import checks
from services.separation import messages
from services.separation.contract import requests
from services.speech.contract import requests as speech_requests


def named(table: dict[str, Any]) -> dict[str, Any]:
    """By the names of the command line."""
    return {{"aac": "m4a", "vorbis": "ogg"}.get(name, name): value for name, value in table.items()}


def test_the_choices_of_formats_are_those_of_the_services() -> None:
    assert named(services_encodings.BITS) == encodings.BITS
    assert named(services_encodings.KILOBITS) == encodings.KILOBITS
    assert named(services_encodings.QUALITIES) == encodings.QUALITIES
    assert services_encodings.MP3_KILOBITS == encodings.MP3_KILOBITS
    assert tuple(named(dict.fromkeys(services_encodings.TAGGED))) == encodings.TAGGED
    rates = {"mp3": libav_encodings.MP3_RATES, "opus": (libav_encodings.OPUS_RATE,), "aac": libav_encodings.AAC_RATES}
    assert named(rates) == encodings.RATES


def test_the_bounds_of_options_are_those_of_the_services() -> None:
    assert options.LAST_TRACK == bounds.MAX_TRACK
    assert (request.LOWEST_RATE, request.HIGHEST_RATE) == (messages.LOWEST_RATE, messages.HIGHEST_RATE)
    assert separation.MAX_SHIFTS == requests.MAX_SHIFTS
    assert separation.MAX_OVERLAP == requests.MAX_OVERLAP
    assert separation.MIN_SEGMENT_SECONDS == requests.MIN_SEGMENT_SECONDS
    assert generation.MIN_SECONDS == checks.MIN_SECONDS
    assert generation.MAX_SEED == SEEDS - 1
    assert MAX_SPEAKERS == speech_requests.MAX_SPEAKERS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("separate", "--bits", "17"), b"flac has no 17 there; give 16 or 24"),
        (("separate", "--format", "m4a", "--bits", "16"), b"leave it out"),
        (("separate", "--format", "mp3", "--bitrate", "65"), b"give one of 64, 80"),
        (("separate", "--format", "opus", "--bitrate", "600"), b"12<=x<=512"),
        (("separate", "--format", "flac", "--quality", "2"), b"--quality"),
        (("separate", "--format", "mp3", "--quality", "2", "--bitrate", "64"), b"not both"),
        (("separate", "--format", "wav", "--tags"), b"wav holds no tags"),
        (("separate", "--format", "opus", "--rate", "44100"), b"give 48000"),
        (("separate", "--rate", "3"), b"4000 to 384000"),
        (("separate", "--live", "--tags"), b"--tags"),
        (("transcribe", "--speakers", "2"), b"--speakers goes with --diarize"),
        (("transcribe", "--diarize", "--speakers", "21"), b"1<=x<=20"),
        (("transcribe", "--diarize", "--live"), b"--diarize goes without"),
        (("transcribe", "--format", "diarized_json"), b"goes with --diarize"),
        (("separate", "--format", "xyz"), b"--format"),
        (("separate", "--shifts", "21"), b"0<=x<=20"),
        (("separate", "--overlap", "1"), b"0.95"),
        (("separate", "--segment", "nan"), b"not finite"),
        (("transcribe", "--track", "-1"), b"0<=x<=255"),
        (("transcribe", "--track", "256"), b"0<=x<=255"),
        (("transcribe", "--start", "nan"), b"not finite"),
        (("transcribe", "--timeout", "inf"), b"not finite"),
        (("transcribe", "--beam", "11"), b"1<=x<=10"),
        (("generate", "--out", "x.wav", "--rate", "1"), b"8000<=x<=192000"),
        (("generate", "--out", "x.wav", "--temperature", "5"), b"0<=x<=4"),
        (("generate", "--out", "x.wav", "--bits", "24", "--format", "mp3"), b"mp3 has no 24 there"),
        (("describe", "--prompt", "technicl"), b"did you mean technical?"),
        (("analyze", "--speakers", "2"), b"--speakers goes with --diarize"),
        (("analyze", "--diarize", "--only", "essentia"), b"--diarize needs the stage speech"),
        (("analyze", "--format", "diarized_json"), b"goes with --diarize"),
        (("analyze", "--only", "spech"), b"did you mean speech?"),
        (("analyze", "--model", "sepration=x"), b"did you mean separation?"),
    ],
)
def test_a_wrong_value_is_wrong_usage(antiphon: Any, clip: Any, arguments: tuple[str, ...], said: bytes) -> None:
    done = antiphon(*arguments, "clip.wav", COLUMNS="")
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr


def test_a_word_that_is_near_no_prompt_is_a_question(antiphon: Any, clip: Any) -> None:
    done = antiphon("describe", "--prompt", "Why?", "--gateway", "127.0.0.1:1", "clip.wav")
    assert done.returncode == 3


@pytest.mark.parametrize("command", ["analyze", "separate", "transcribe", "describe", "render"])
def test_a_file_that_is_not_there_is_wrong_usage_where_it_is_alone(antiphon: Any, command: str) -> None:
    assert antiphon(command, "nowhere.json").returncode == 2


def test_a_record_that_is_not_there_stops_no_other(antiphon: Any, tmp_path: Any) -> None:
    (tmp_path / "a.json").write_text('{"segments": [], "summary": {}}')
    done = antiphon("render", "nowhere.json", "a.json", "--out", "texts")
    assert done.returncode == 1
    assert b"nowhere.json" in done.stderr
    assert [each.name for each in (tmp_path / "texts").iterdir()] == ["a.txt"]


@pytest.mark.parametrize("text", ["{bad", "[1, 2]", "3", '{"record": {"speech": 3}}', '{"error": "x"}', ""])
def test_what_is_no_record_is_told_what_would_be(antiphon: Any, tmp_path: Any, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    done = antiphon("render", "bad.json", COLUMNS="")
    assert done.returncode == 1
    assert done.stderr.startswith(b"antiphon: bad.json: ")
    assert done.stderr.count(b"\n") == 1
    assert b"Error" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("describe", "--facts", "bad.json"),
        ("describe", "clip.wav", "--schema", "bad.json"),
        ("analyze", "clip.wav", "--settings", "bad.json"),
        ("transcribe", "clip.wav", "--lyrics", "latin.txt"),
        ("generate", "--out", "x.wav", "--prompts", "latin.txt"),
        ("compare", "clip.wav", "--a", "facts,temprature=1", "--b", "facts"),
    ],
)
def test_an_options_file_that_does_not_hold_what_it_takes_is_wrong_usage(
    antiphon: Any, clip: Any, tmp_path: Any, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "bad.json").write_text("{bad")
    (tmp_path / "latin.txt").write_bytes("Grüße".encode("latin-1"))
    done = antiphon(*arguments, COLUMNS="")
    assert (done.returncode, done.stdout) == (2, b"")
    said = done.stderr.decode().split("Error: ")[1]
    assert said.count("\n") == 1
    assert "Available Fields" not in said
