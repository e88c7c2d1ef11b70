"""What a run may write: nothing over its input, nothing in silence, nothing outside, nothing half."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon_cli.outputs.errors import OutputError, Skipped
from antiphon_cli.outputs.rules import Existing, Rules
from antiphon_cli.outputs.safe_file import SafeFile, write_file
from tests.fixtures.gateway_process import environment


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    path.write_bytes(b"a recording")
    return path


def spellings(song: Path) -> list[Path]:
    """Names of the same file."""
    (song.parent / "soft.wav").symlink_to(song)
    (song.parent / "hard.wav").hardlink_to(song)
    (song.parent / "folder").symlink_to(song.parent)
    return [song, song.parent / "." / "folder" / "song.wav", song.parent / "soft.wav", song.parent / "hard.wav"]


def test_an_input_is_not_replaced_by_any_of_its_names(song: Path) -> None:
    rules = Rules(Existing.REPLACE, [song])
    for path in spellings(song):
        with pytest.raises(OutputError) as refused:
            write_file(path, b"a text", rules)
        assert refused.value.reason == "OUTPUT_IS_INPUT"
    assert song.read_bytes() == b"a recording"


def test_what_is_there_is_refused_replaced_or_skipped(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(OutputError, match="--overwrite"):
        write_file(path, b"new", Rules())
    with pytest.raises(Skipped):
        Rules(Existing.SKIP).skip([path])
    Rules(Existing.SKIP).skip([path, None])
    assert path.read_text() == "old"
    write_file(path, b"new", Rules(Existing.REPLACE))
    assert path.read_text() == "new"


def test_what_comes_to_be_there_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with SafeFile(path, Rules()) as file:
        file.write(b"ours")
        path.write_text("theirs")
        with pytest.raises(OutputError):
            file.commit()
    assert [each.name for each in tmp_path.iterdir()] == ["out.txt"]
    assert path.read_text() == "theirs"


def test_two_outputs_of_a_run_are_not_the_same_file(tmp_path: Path) -> None:
    rules = Rules(Existing.REPLACE)
    write_file(tmp_path / "out", b"1", rules)
    with pytest.raises(OutputError, match="already"):
        write_file(tmp_path / "." / "out", b"2", rules)


def test_a_link_in_the_folder_leads_nothing_out_of_it(tmp_path: Path) -> None:
    root, outside = tmp_path / "out", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "song").symlink_to(outside)
    with pytest.raises(OutputError) as refused:
        write_file(root / "song" / "vocals.flac", b"x", Rules(), root)
    assert refused.value.reason == "OUTPUT_OUTSIDE"
    (outside / "kept").write_text("kept")
    (root / "vocals.flac").symlink_to(outside / "kept")
    write_file(root / "vocals.flac", b"x", Rules(Existing.REPLACE), root)
    assert (outside / "kept").read_text() == "kept"


def test_a_run_that_fails_leaves_neither_files_nor_folders(tmp_path: Path) -> None:
    with SafeFile(tmp_path / "a" / "b" / "out.txt", Rules(), tmp_path / "a") as file:
        file.write(b"half")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_by_the_outputs_name() -> None:
    with pytest.raises(OutputError, match="cannot write /dev/full: No space left"):
        write_file(Path("/dev/full"), b"x", Rules())


def test_what_a_killed_run_left_is_swept_and_what_another_writes_is_not(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from antiphon_cli.outputs.safe_file import SafeFile; "
        "from antiphon_cli.outputs.rules import Rules; "
        "file = SafeFile(Path(sys.argv[1]), Rules()); print('open', flush=True); time.sleep(60)"
    )

    def begun(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, str(tmp_path / name)]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    killed, alive = begun("one"), begun("two")
    killed.kill()
    killed.communicate()
    try:
        write_file(tmp_path / "three", b"x", Rules())
        (held,) = [path.name for path in tmp_path.iterdir() if path.name != "three"]
        assert held.startswith(f".antiphon-{alive.pid}-")
    finally:
        alive.kill()
        alive.communicate()


def test_the_longest_name_of_a_file_has_room_for_its_hidden_one(tmp_path: Path) -> None:
    name = "é" * 124 + ".srt.txt"[:7]
    write_file(tmp_path / name, b"x", Rules())
    assert os.listdir(tmp_path) == [name]
