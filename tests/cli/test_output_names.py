"""Names of outputs: one component each, inside the folder, never twice."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

import pytest

from antiphon_cli.outputs.names import LONGEST_BYTES, component, numbered
from antiphon_cli.outputs.places import places
from antiphon_cli.outputs.rules import Existing, Rules
from antiphon_cli.outputs.texts import Texts

NAMES = [
    "..",
    ".",
    "...",
    "/",
    "a/b",
    "a\\b",
    "\x00\n\x1b[31m",
    "nul",
    "COM1.old",
    " x ",
    "x.",
    "\udcff\udcfe",
    "é" * 200,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_one_component_that_any_system_takes(name: str) -> None:
    made = component(name)
    assert PurePath(made).parts == (made,)
    assert made.encode()
    assert len(made.encode()) <= LONGEST_BYTES
    assert not set(made) & set("/\\\x00\n\x1b")
    assert made[0] not in ". "
    assert made[-1] not in ". "
    assert made.split(".")[0].lower() not in ("nul", "com1")


def test_a_plain_name_stays_as_it_is() -> None:
    assert [component(name) for name in ("song", "What's up? (live)", "größer 音楽", "a.b")] == [
        "song",
        "What's up? (live)",
        "größer 音楽",
        "a.b",
    ]


def test_a_name_that_is_taken_by_a_number_is_left_alone() -> None:
    made = numbered(map(PurePath, ["a", "a-2", "a", "a", "A", "é", "e\u0301"]))
    assert [str(path) for path in made] == ["a", "a-2", "a-3", "a-4", "A-5", "é", "e\u0301-2"]


def test_a_numbered_name_is_no_longer_than_others() -> None:
    first, second = numbered([PurePath("x" * 255), PurePath("x" * 255)])
    assert len(str(first)) == len(str(second)) == 255
    assert str(second).endswith("-2")


def test_the_folders_are_kept_in_which_sources_differ(tmp_path: Path) -> None:
    sources = [tmp_path / "a" / "x" / "song.mp3", tmp_path / "a" / "y" / "song.wav", tmp_path / "a" / "y" / "song.mp3"]
    assert [path.as_posix() for path in places(sources, "srt")] == ["x/song.srt", "y/song.srt", "y/song-2.srt"]
    assert places(sources[:1]) == [Path("song")]
    assert places([Path("-"), None, sources[0]]) == [Path("stdin"), Path("live"), Path("song")]


def test_names_of_dots_have_folders_of_their_own_inside(tmp_path: Path) -> None:
    found = places([tmp_path / "...wav", tmp_path / "..wav", tmp_path / "song.wav"])
    assert [str(path) for path in found] == ["__", "_", "song"]
    up = places([tmp_path / "..." / "x.wav", tmp_path / "b" / "x.wav"])
    assert all(os.path.abspath(tmp_path / "out" / path).startswith(f"{tmp_path}/out/") for path in up)


def test_what_ends_with_a_separator_is_a_folder_for_a_single_text_too(tmp_path: Path) -> None:
    rules = Rules(Existing.REFUSE, ())
    assert Texts(f"{tmp_path}/new/", "srt", rules).places([Path("talk.wav")]) == [tmp_path / "new" / "talk.srt"]
    assert Texts(f"{tmp_path}/new", "srt", rules).places([Path("talk.wav")]) == [tmp_path / "new"]
