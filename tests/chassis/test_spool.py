"""The spool in a folder that others write into, or remove."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest

from antiphon_wire.errors import AntiphonError
from chassis import own_folder as module
from chassis.spool import Spool


def spool_in(folder: Path) -> Spool:
    return Spool(folder, budget_bytes=1000, upload_bytes=1000)


def test_a_pipe_by_the_name_of_a_spool_is_left_alone_and_hangs_no_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipe = tmp_path / "antiphon-spool-x"
    os.mkfifo(pipe)
    with caplog.at_level(logging.WARNING):
        made = spool_in(tmp_path)
    assert pipe.is_fifo()
    assert str(pipe) in caplog.text
    made.close()


def test_a_link_by_the_name_of_a_spool_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    spools = tmp_path / "spools"
    spools.mkdir()
    (spools / "antiphon-spool-x").symlink_to(elsewhere)
    spool_in(spools).close()
    assert (elsewhere / "kept").exists()
    assert (spools / "antiphon-spool-x").is_symlink()


def test_a_spool_of_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "antiphon-spool-x"
    theirs.mkdir()
    mine, made = os.geteuid(), []
    lock = module._lock

    def lock_as(folder: Path) -> int | None:
        # What is looked at is a folder of another user; what is made for ourselves is not.
        monkeypatch.setattr(os, "geteuid", lambda: mine + (folder == theirs))
        made.append(folder)
        return lock(folder)

    monkeypatch.setattr(module, "_lock", lock_as)
    spool_in(tmp_path).close()
    assert theirs in made
    assert theirs.is_dir()


def test_the_spool_of_a_process_that_was_killed_is_removed_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "antiphon-spool-dead"
    dead.mkdir()
    living = spool_in(tmp_path)
    other = spool_in(tmp_path)
    assert not dead.exists()
    assert living.folder.is_dir()
    assert living.folder.stat().st_mode & 0o777 == 0o700
    living.close()
    other.close()


@pytest.mark.parametrize("with_parent", [False, True])
def test_a_folder_that_is_removed_while_the_service_runs_is_made_again(tmp_path: Path, with_parent: bool) -> None:
    root = tmp_path / "root"
    spool = spool_in(root)
    shutil.rmtree(root if with_parent else spool.folder)
    file = spool.file()
    file.write(b"abc")
    file.finish()
    assert file.path.read_bytes() == b"abc"
    file.remove()
    assert spool.used_bytes == 0
    # It is locked like the first one: another start must not take it for one whose owner is gone.
    other = spool_in(root)
    assert spool.folder.is_dir()
    spool.close()
    other.close()


def test_an_upload_whose_file_is_removed_under_it_says_that_trying_again_helps(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    file = spool.file()
    file.write(b"abc")
    shutil.rmtree(spool.folder)
    with pytest.raises(AntiphonError) as caught:
        file.finish()
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "SPOOL_LOST")
    file.remove()
    assert spool.used_bytes == 0
    spool.close()


def test_a_folder_that_cannot_be_made_again_is_no_fault_without_a_name(tmp_path: Path) -> None:
    root = tmp_path / "root"
    spool = spool_in(root)
    shutil.rmtree(root)
    root.touch()  # a file stands where the folder was
    with pytest.raises(AntiphonError) as caught:
        spool.file()
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "SPOOL_LOST")
    root.unlink()
    assert spool.file().path.exists(), "once there is room again, it goes on"
    spool.close()
