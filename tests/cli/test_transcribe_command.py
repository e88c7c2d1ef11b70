"""``antiphon transcribe`` in a process of its own, against a speech service that says what it is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import antiphon_renderers as renderers
from antiphon_cli.explain import explain
from antiphon_client import AntiphonClientError


def test_text_goes_to_standard_output_and_the_rest_to_standard_error(antiphon: Any, speech: Any, clip: Path) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "--hotword", "Ana", "--hotword", "Ivo", clip)
    assert (done.returncode, done.stdout.decode()) == (0, "Čekam\n")
    assert b"25 %" in done.stderr
    assert b"LANGUAGE_UNCERTAIN" in done.stderr
    (config,) = speech[1].configs
    assert list(config.hotwords) == ["Ana", "Ivo"]
    assert config.voice_activity_detection
    assert speech[1].sizes == [clip.stat().st_size]


@pytest.mark.parametrize("lyrics", [False, True])
def test_a_part_of_a_file_and_a_beam_are_asked_for(
    antiphon: Any, speech: Any, clip: Path, tmp_path: Path, lyrics: bool
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("One\n")
    more = ["--lyrics", words] if lyrics else ["--beam", "2"]
    done = antiphon("transcribe", "--speech", speech[0], "-q", "--start", "0.1", "--end", "0.25", *more, clip)
    assert done.returncode == 0
    (config,) = speech[1].configs
    assert (config.clip.start_offset.ToMilliseconds(), config.clip.end_offset.ToMilliseconds()) == (100, 250)
    assert lyrics or config.beam_size == 2


def test_without_them_nothing_of_it_is_sent(antiphon: Any, speech: Any, clip: Path) -> None:
    assert antiphon("transcribe", "--speech", speech[0], "-q", clip).returncode == 0
    (config,) = speech[1].configs
    assert not config.HasField("clip")
    assert not config.HasField("beam_size")


@pytest.mark.parametrize("name", sorted(set(renderers.FORMATS) - {"diarized_json"}))
def test_every_format_can_be_read_again(antiphon: Any, speech: Any, clip: Path, name: str) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "-q", "--singing", "--format", name, clip)
    assert done.returncode == 0
    (line,) = renderers.parse(name, done.stdout.decode())
    assert line.text == "Čekam"
    assert name == "txt" or line.start == pytest.approx(60.0, abs=0.01)
    assert b":60" not in done.stdout
    assert not speech[1].configs[0].voice_activity_detection


def test_subtitles_have_two_lines_of_42_characters_unless_told_otherwise(
    antiphon: Any, speech: Any, clip: Path
) -> None:
    words = re.findall(r"\w+", "the quick brown fox jumps over the lazy dog")
    speech[1].said = [(at * 0.5, at * 0.5 + 0.5, word) for at, word in enumerate(words)]

    def rows(*options: str) -> list[str]:
        done = antiphon("transcribe", "--speech", speech[0], "-q", "-f", "srt", *options, clip)
        assert done.returncode == 0, done.stderr
        return [row for row in done.stdout.decode().splitlines() if row[:1].isalpha()]

    assert rows() == ["the quick brown fox", "jumps over the lazy dog"]
    assert rows("--breaking", "segments") == ["the quick brown fox jumps over the lazy dog"]
    assert rows("--line-length", "16", "--lines", "3") == ["the quick brown", "fox jumps over", "the lazy dog"]
    assert rows("--line-length", "30", "--lines", "1") == ["the quick brown fox", "jumps over the lazy dog"]


def test_several_files_go_to_a_folder_under_names_of_their_own(
    antiphon: Any, speech: Any, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    other = tmp_path / "more" / "clip.wav"
    other.write_bytes(clip.read_bytes())
    done = antiphon("transcribe", "--speech", speech[0], "--format", "srt", "--out", "texts", clip, other)
    assert (done.returncode, done.stdout) == (0, b"")
    assert sorted(path.name for path in (tmp_path / "texts").rglob("*")) == ["clip.srt", "clip.srt", "more"]


def test_known_words_are_sent_and_come_back_with_times(antiphon: Any, speech: Any, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes("﻿One\r\nTwo\n".encode())
    done = antiphon("transcribe", "--speech", speech[0], "--lyrics", "words.txt", "-f", "lrc", "--title", "Song", clip)
    assert done.stdout.decode() == "[ti:Song]\n\n[00:01.00]One\n[00:02.00]\n"
    assert speech[1].configs[0].lyrics == "One\r\nTwo\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["transcribe"],
        ["transcribe", "-", "-"],
        ["transcribe", "absent.wav"],
        ["transcribe", "--format", "doc", "clip.wav"],
        ["transcribe", "--live", "--singing", "clip.wav"],
        ["transcribe", "--live", "clip.wav", "clip.wav"],
        ["transcribe", "--live", "--beam", "2", "clip.wav"],
        ["transcribe", "--lines", "0", "clip.wav"],
        ["transcribe", "--line-length", "9", "clip.wav"],
        ["transcribe", "--start", "2", "--end", "1", "clip.wav"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_says_why(antiphon: Any, clip: Path, arguments: list[str]) -> None:
    done = antiphon(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Error: " in done.stderr


def test_an_error_is_said_once_and_a_field_where_it_says_more() -> None:
    error = AntiphonClientError("INVALID_ARGUMENT", "BEAM_SIZE", "a beam of 11", fields=(("beam", "a beam of 11"),))
    assert explain(error, "speech service", "here:1") == "BEAM_SIZE: a beam of 11"
    more = AntiphonClientError("INVALID_ARGUMENT", "BEAM_SIZE", "a beam of 11", fields=(("beam", "1 to 10"),))
    assert explain(more, "speech service", "here:1") == "BEAM_SIZE: a beam of 11\n  beam: 1 to 10"


def test_a_service_that_is_not_there_exits_3(antiphon: Any, clip: Path) -> None:
    done = antiphon("transcribe", "--speech", "127.0.0.1:1", clip)
    assert done.returncode == 3
    assert b"antiphon up" in done.stderr


def test_the_track_that_is_named_is_asked_for(antiphon: Any, speech: Any, clip: Path) -> None:
    assert antiphon("transcribe", "--speech", speech[0], "--track", "1", clip).returncode == 0
    assert antiphon("transcribe", "--speech", speech[0], clip).returncode == 0
    assert speech[1].configs[0].audio_format.track == 1
    assert not speech[1].configs[1].audio_format.HasField("track")


@pytest.mark.parametrize("command", ["transcribe", "separate", "analyze", "describe", "compare", "generate"])
def test_every_command_that_takes_a_recording_takes_a_track(antiphon: Any, command: str) -> None:
    done = antiphon(command, "--help")
    assert b"--track NUMBER" in done.stdout
